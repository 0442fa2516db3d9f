/* A caller dies while it claims, submits, cancels, polls, releases and closes; a server while it
 * takes and completes; others sleep on the same object. Each call that a living caller made ends
 * once, with its reply or with word of its server's death; what a dead caller made is gone; no slot
 * is lost, and none is used anew while a server may still write to it. */
#include "sluice/rpc.h"

#include "bystander.h"

enum { CALLS = 4, PAYLOAD = 64, OUTSIDER = 1 << 8 | 40, MOMENT = 1000, NOTES = 8, IDS = 16 };

/* What became of each call, in the notes from NOTES on; their ids stand from IDS on. */
enum { NOT_MADE, MADE, TAKEN, ANSWERED };

/* Of the survivor, from prepare to check; the victim has a copy of it. */
static uint32_t calls;
static sluice_rpc_caller mine;
static sluice_rpc_server mine_too;
static sluice_rpc_caller others;
static sluice_rpc_server others_too;
static bystander sleeper;
static crash_log *running;

static sluice_rpc *rpc_of(crash_log *log, sluice_space *space) {
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static void open_rpc(sluice_space *space, crash_log *log) {
  log->notes[0] = sluice_rpc_open(space, "r", 1, calls, PAYLOAD, 0);
  CRASH_TRUE(log->notes[0] != 0);
}

static sluice_rpc_caller caller_by(sluice_space *space, crash_log *log, uint32_t owner) {
  sluice_rpc_caller caller;
  CRASH_EQUAL(sluice_rpc_caller_open(&caller, rpc_of(log, space), calls, PAYLOAD, owner),
              SLUICE_OK);
  return caller;
}

static sluice_rpc_server server_by(sluice_space *space, crash_log *log, uint32_t owner) {
  sluice_rpc_server server;
  CRASH_EQUAL(sluice_rpc_server_open(&server, rpc_of(log, space), calls, PAYLOAD, owner),
              SLUICE_OK);
  return server;
}

/* Two who live: the survivor, and an outsider, by an id that nobody else has. Slots and queue are
 * in their second lap. */
static void make(sluice_space *space, crash_log *log, uint32_t of_calls) {
  running = log;
  calls = of_calls;
  open_rpc(space, log);
  mine = caller_by(space, log, space->participant);
  mine_too = server_by(space, log, space->participant);
  others = caller_by(space, log, OUTSIDER);
  others_too = server_by(space, log, OUTSIDER);
  for (uint32_t i = 0; i < calls + 1; i++) {
    CRASH_TRUE(sluice_rpc_start(&mine, "x", 1, 0) != 0);
    CRASH_TRUE(sluice_rpc_next(&mine_too) != NULL);
    CRASH_EQUAL(sluice_rpc_answer(&mine_too, mine_too.id, 0, "y", 1), SLUICE_OK);
    CRASH_TRUE(sluice_rpc_poll(&mine) != NULL);
    CRASH_EQUAL(sluice_rpc_release(&mine), SLUICE_OK);
  }
}

static void four_calls(sluice_space *space, crash_log *log) {
  make(space, log, CALLS);
}

static void remove_rpc(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "r", 1), SLUICE_OK);
}

/* ---- requests and replies tell which they are ---- */

static uint32_t start(sluice_rpc_caller *caller, uint32_t number) {
  unsigned char request[PAYLOAD];
  memset(request, (int)number, sizeof request);
  return sluice_rpc_start(caller, request, 1 + number % PAYLOAD, (int32_t)number);
}

/* Takes the next call, whose request has to be whole. Returns its number. */
static uint32_t take(sluice_rpc_server *server) {
  const unsigned char *request = sluice_rpc_next(server);
  CRASH_TRUE(request != NULL);
  uint32_t number = (uint32_t)server->type;
  CRASH_EQUAL(server->length, 1 + number % PAYLOAD);
  for (uint32_t i = 0; i < server->length; i++) {
    CRASH_EQUAL(request[i], (unsigned char)number);
  }
  return number;
}

static int answer(sluice_rpc_server *server, uint32_t id, uint32_t number) {
  unsigned char reply[PAYLOAD];
  memset(reply, (int)(number ^ 0xff), sizeof reply);
  return sluice_rpc_answer(server, id, (int32_t)number, reply, 1 + number % 7);
}

/* The reply that poll shows is that to call `number`. */
static void expect(const sluice_rpc_caller *caller, const unsigned char *reply, uint32_t number) {
  CRASH_TRUE(reply != NULL);
  CRASH_EQUAL(caller->outcome, number);
  CRASH_EQUAL(caller->length, 1 + number % 7);
  for (uint32_t i = 0; i < caller->length; i++) {
    CRASH_EQUAL(reply[i], (unsigned char)(number ^ 0xff));
  }
}

/* Nothing is under way, no slot is taken: as many calls as there are slots can be made, three
 * times, and are answered in the reverse order. */
static void all_slots_serve(void) {
  for (uint32_t lap = 0; lap < 3; lap++) {
    uint32_t ids[CALLS] = {0};
    CRASH_TRUE(sluice_rpc_next(&others_too) == NULL);
    CRASH_EQUAL(others_too.status, SLUICE_E_EMPTY);
    CRASH_TRUE(sluice_rpc_poll(&mine) == NULL);
    CRASH_EQUAL(mine.status, SLUICE_E_EMPTY);
    for (uint32_t i = 0; i < calls; i++) {
      ids[i] = start(&mine, 100 + i);
      CRASH_TRUE(ids[i] != 0);
    }
    CRASH_EQUAL(start(&mine, 99), 0);
    CRASH_EQUAL(mine.status, SLUICE_E_FULL);
    for (uint32_t i = 0; i < calls; i++) {
      CRASH_EQUAL(take(&others_too), 100 + i);
      CRASH_EQUAL(others_too.id, ids[i]);
    }
    for (uint32_t i = calls; i-- > 0;) {
      CRASH_EQUAL(answer(&others_too, ids[i], 100 + i), SLUICE_OK);
      expect(&mine, sluice_rpc_poll(&mine), 100 + i);
      CRASH_EQUAL(mine.ended, ids[i]);
      CRASH_EQUAL(sluice_rpc_release(&mine), SLUICE_OK);
    }
  }
}

/* ---- a caller dies ---- */

/* In the middle of it the outsider serves: what it took last is in notes[1], its id in notes[2]. */
static void outsider_takes(void) {
  running->notes[1] = take(&others_too);
  running->notes[2] = others_too.id;
}

static void outsider_takes_and_answers(void) {
  outsider_takes();
  CRASH_EQUAL(answer(&others_too, (uint32_t)running->notes[2], (uint32_t)running->notes[1]),
              SLUICE_OK);
  running->notes[2] = 0;
}

static void outsider_sees_cancelled(void) {
  CRASH_EQUAL(sluice_rpc_cancelled(&others_too, (uint32_t)running->notes[2]), 1);
  CRASH_EQUAL(answer(&others_too, (uint32_t)running->notes[2], (uint32_t)running->notes[1]),
              SLUICE_OK);
  running->notes[2] = 0;
}

static void make_calls(sluice_space *space, crash_log *log) {
  open_rpc(space, log);
  sluice_rpc_caller caller = caller_by(space, log, space->participant);
  CRASH_TRUE(sluice_rpc_claim(&caller, 8, 0) != NULL);
  CRASH_EQUAL(sluice_rpc_abort(&caller), SLUICE_OK);
  CRASH_TRUE(start(&caller, 1) != 0);
  crash_others(outsider_takes_and_answers);
  CRASH_TRUE(start(&caller, 2) != 0);
  crash_others(outsider_takes);
  expect(&caller, sluice_rpc_poll(&caller), 1);
  sluice_step("a reply is shown");
  CRASH_EQUAL(sluice_rpc_release(&caller), SLUICE_OK);
  CRASH_EQUAL(sluice_rpc_cancel(&caller, (uint32_t)log->notes[2]), SLUICE_OK);
  crash_others(outsider_sees_cancelled);
  sluice_step("a cancelled call has ended");
  CRASH_TRUE(start(&caller, 3) != 0);
  crash_others(outsider_takes);
  sluice_step("a call is running");
  CRASH_TRUE(start(&caller, 4) != 0);
  CRASH_TRUE(start(&caller, 5) != 0); /* now all slots are taken */
  CRASH_EQUAL(start(&caller, 6), 0);
  CRASH_EQUAL(caller.status, SLUICE_E_FULL);
  CRASH_EQUAL(sluice_rpc_room_wait(&caller, MOMENT), SLUICE_E_TIMEOUT);
  expect(&caller, sluice_rpc_poll(&caller), 2);
  CRASH_EQUAL(sluice_rpc_release(&caller), SLUICE_OK);
  CRASH_TRUE(sluice_rpc_claim(&caller, 8, 6) != NULL);
  CRASH_EQUAL(sluice_rpc_caller_wait(&caller, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_rpc_caller_close(&caller), SLUICE_OK);
}

/* What it had under way at a server is cancelled, and keeps its slot until the server is through:
 * others use the rest meanwhile, which the server does not touch. */
static void calls_are_gone(sluice_space *space, crash_log *log, int finished) {
  uint32_t running_id = (uint32_t)log->notes[2];
  (void)space;
  (void)finished;
  if (running_id != 0) {
    uint32_t ids[CALLS] = {0};
    uint32_t made = 0;
    unsigned char *reply = sluice_rpc_reply(&others_too, running_id);
    CRASH_TRUE(reply != NULL);
    CRASH_EQUAL(sluice_rpc_cancelled(&others_too, running_id), 1);
    while ((ids[made] = start(&mine, 50 + made)) != 0) {
      made++;
      CRASH_TRUE(made < CALLS);
    }
    CRASH_EQUAL(made, CALLS - 1);
    memset(reply, 0xee, PAYLOAD);
    for (uint32_t i = 0; i < made; i++) {
      CRASH_EQUAL(take(&mine_too), 50 + i);
      CRASH_EQUAL(mine_too.id, ids[i]);
      CRASH_EQUAL(answer(&mine_too, ids[i], 50 + i), SLUICE_OK);
    }
    memset(reply, 0xdd, PAYLOAD);
    CRASH_EQUAL(sluice_rpc_complete(&others_too, running_id, 0, PAYLOAD), SLUICE_E_PEER_LOST);
    CRASH_EQUAL(sluice_rpc_complete(&others_too, running_id, 0, PAYLOAD), SLUICE_E_INVALID);
    for (uint32_t i = 0; i < made; i++) {
      const unsigned char *one = sluice_rpc_poll(&mine);
      uint32_t number = 0;
      while (number < made && ids[number] != mine.ended) {
        number++;
      }
      CRASH_TRUE(number < made);
      expect(&mine, one, 50 + number);
      CRASH_EQUAL(sluice_rpc_release(&mine), SLUICE_OK);
    }
  }
  all_slots_serve();
}

/* ---- callers meet in the queue ---- */

static void outsider_submits(void) {
  CRASH_TRUE(start(&others, 70) != 0);
  running->notes[3] = 1;
}

static void outsider_serves_both(void) {
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t number = take(&others_too);
    CRASH_EQUAL(answer(&others_too, others_too.id, number), SLUICE_OK);
  }
  expect(&others, sluice_rpc_poll(&others), 70);
  CRASH_EQUAL(sluice_rpc_release(&others), SLUICE_OK);
  running->notes[3] = 0;
}

/* The queue is full of calls that their caller gave up. */
static void two_calls_dropped(sluice_space *space, crash_log *log) {
  make(space, log, 2);
  CRASH_TRUE(start(&others, 1) != 0 && start(&others, 2) != 0);
  CRASH_EQUAL(sluice_rpc_caller_close(&others), SLUICE_OK);
}

static void submit_with_others(sluice_space *space, crash_log *log) {
  static const char *const steps[] = {"rpc.submit: queued", "rpc.queue: filled",
                                      "rpc.queue: advanced"};
  open_rpc(space, log);
  sluice_rpc_caller caller = caller_by(space, log, space->participant);
  for (uint32_t i = 0; i < 3; i++) {
    crash_meanwhile(steps[i], 0, outsider_submits);
    CRASH_TRUE(start(&caller, 1 + i) != 0);
    CRASH_EQUAL(log->notes[3], 1);
    crash_others(outsider_serves_both);
    sluice_step("two have been served");
    expect(&caller, sluice_rpc_poll(&caller), 1 + i);
    CRASH_EQUAL(sluice_rpc_release(&caller), SLUICE_OK);
  }
}

/* The dead one's calls that stand before the other's are passed over. */
static void others_call_is_served(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  if (log->notes[3] != 0) {
    CRASH_EQUAL(take(&others_too), 70);
    CRASH_EQUAL(answer(&others_too, others_too.id, 70), SLUICE_OK);
    expect(&others, sluice_rpc_poll(&others), 70);
    CRASH_EQUAL(sluice_rpc_release(&others), SLUICE_OK);
  }
  all_slots_serve();
}

/* ---- a server dies ---- */

static void four_calls_made(sluice_space *space, crash_log *log) {
  four_calls(space, log);
  for (uint32_t i = 0; i < CALLS; i++) {
    log->notes[IDS + i] = start(&mine, i);
    CRASH_TRUE(log->notes[IDS + i] != 0);
    log->notes[NOTES + i] = MADE;
  }
}

static void survivor_cancels_second(void) {
  CRASH_EQUAL(sluice_rpc_cancel(&mine, (uint32_t)running->notes[IDS + 1]), SLUICE_OK);
}

static void take_noted(sluice_rpc_server *server, uint32_t number) {
  CRASH_EQUAL(take(server), number);
  CRASH_EQUAL(running->notes[IDS + number], server->id);
  running->notes[NOTES + number] = TAKEN;
}

static void answer_noted(sluice_rpc_server *server, uint32_t number) {
  atomic_store(&running->begun, number + 1);
  CRASH_EQUAL(answer(server, (uint32_t)running->notes[IDS + number], number), SLUICE_OK);
  running->notes[NOTES + number] = ANSWERED;
  atomic_store(&running->begun, 0);
}

static void outsider_serves_last(void) {
  CRASH_EQUAL(take(&others_too), 3);
  CRASH_EQUAL(answer(&others_too, others_too.id, 3), SLUICE_OK);
  running->notes[NOTES + 3] = ANSWERED;
}

static void until_sleeper_sleeps(void) {
  if (running->notes[4] != 0) {
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
}

/* Takes three of four calls, answers the second, then the first, gives the third up. */
static void serve(sluice_space *space, crash_log *log) {
  open_rpc(space, log);
  sluice_rpc_server server = server_by(space, log, space->participant);
  take_noted(&server, 0);
  take_noted(&server, 1);
  crash_others(survivor_cancels_second);
  CRASH_EQUAL(sluice_rpc_cancelled(&server, (uint32_t)log->notes[IDS + 1]), 1);
  answer_noted(&server, 1);
  until_sleeper_sleeps();
  crash_meanwhile("rpc.next: taken", 0, outsider_serves_last);
  take_noted(&server, 2);
  until_sleeper_sleeps();
  answer_noted(&server, 0);
  until_sleeper_sleeps();
  CRASH_EQUAL(sluice_rpc_server_wait(&server, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_rpc_server_close(&server), SLUICE_OK);
}

/* Is call `number` lost with its server? Else it was answered, by the dead one or the next. */
static int is_lost(const crash_log *log, uint32_t number) {
  uint64_t note = log->notes[NOTES + number];
  if (note == TAKEN) {
    return atomic_load(&log->begun) != number + 1 || crash_step_is("rpc.complete: written");
  }
  int next = note == MADE && atomic_load(&log->begun) == 0 &&
             (number == 0 || log->notes[NOTES + number - 1] != MADE);
  return next && (crash_step_is("rpc.next: taken") || crash_step_is("rpc.queue: emptied") ||
                  crash_step_is("rpc.queue: advanced") ||
                  crash_step_is("event.signal: waiters' bit taken away"));
}

/* The next server takes what nobody had taken. */
static void serve_rest(void) {
  while (sluice_rpc_next(&others_too) != NULL) {
    CRASH_EQUAL(answer(&others_too, others_too.id, (uint32_t)others_too.type), SLUICE_OK);
  }
  CRASH_EQUAL(others_too.status, SLUICE_E_EMPTY);
}

/* What poll shows is right, for a call that has not ended before. */
static void end(sluice_rpc_caller *caller, const unsigned char *reply, uint32_t *seen) {
  uint32_t number = 0;
  while (number < CALLS && running->notes[IDS + number] != caller->ended) {
    number++;
  }
  CRASH_TRUE(number < CALLS);
  CRASH_EQUAL(*seen >> number & 1, 0);
  *seen |= UINT32_C(1) << number;
  if (caller->outcome == SLUICE_E_PEER_LOST) {
    *seen |= UINT32_C(1) << (number + CALLS);
  } else {
    expect(caller, reply, number);
  }
  CRASH_EQUAL(sluice_rpc_release(caller), SLUICE_OK);
}

/* All have ended, and those that had to be lost were. */
static void expect_ends(const crash_log *log, uint32_t seen) {
  for (uint32_t number = 0; number < CALLS; number++) {
    CRASH_EQUAL(seen >> number & 1, 1);
    CRASH_EQUAL(seen >> (number + CALLS) & 1, is_lost(log, number));
  }
}

static void every_call_ends_once(sluice_space *space, crash_log *log, int finished) {
  uint32_t seen = 0;
  (void)space;
  (void)finished;
  serve_rest();
  for (const unsigned char *reply; (reply = sluice_rpc_poll(&mine)) != NULL;) {
    end(&mine, reply, &seen);
  }
  CRASH_EQUAL(mine.status, SLUICE_E_EMPTY);
  expect_ends(log, seen);
  all_slots_serve();
}

/* ---- a server dies; its caller sleeps until it has its replies ---- */

static uint32_t seen_by_sleeper;

static void await_replies(bystander *who) {
  sluice_rpc_caller caller = mine;
  for (uint32_t i = 0; i < CALLS; i++) {
    const unsigned char *reply = NULL;
    while ((reply = sluice_rpc_poll(&caller)) == NULL) {
      atomic_store(&who->about_to_sleep, 1);
      CRASH_EQUAL(sluice_rpc_caller_wait(&caller, -1), SLUICE_OK);
    }
    end(&caller, reply, &seen_by_sleeper);
  }
}

static void four_calls_awaited(sluice_space *space, crash_log *log) {
  four_calls_made(space, log);
  log->notes[4] = 1;
  seen_by_sleeper = 0;
  bystander_start(&sleeper, await_replies, NULL);
  until_bystander_sleeps(&sleeper);
}

static void sleeper_has_all(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  serve_rest();
  bystander_join(&sleeper);
  expect_ends(log, seen_by_sleeper);
  all_slots_serve();
}

/* ---- a caller dies; a server sleeps until there is work ---- */

static _Atomic uint32_t served[2]; /* by number: the outsider's, the end */

static void serve_until_over(bystander *who) {
  sluice_rpc_server server = others_too;
  for (;;) {
    while (sluice_rpc_next(&server) == NULL) {
      CRASH_EQUAL(server.status, SLUICE_E_EMPTY);
      atomic_store(&who->about_to_sleep, 1);
      CRASH_EQUAL(sluice_rpc_server_wait(&server, -1), SLUICE_OK);
    }
    uint32_t number = (uint32_t)server.type;
    int status = answer(&server, server.id, number);
    CRASH_TRUE(status == SLUICE_OK || (status == SLUICE_E_PEER_LOST && number < 70));
    if (number >= 70) {
      CRASH_EQUAL(atomic_fetch_add(&served[number != 70], 1), 0);
    }
    if (number > 70) {
      return;
    }
  }
}

static void asleep_for_work(sluice_space *space, crash_log *log) {
  four_calls(space, log);
  log->notes[4] = 1;
  atomic_store(&served[0], 0);
  atomic_store(&served[1], 0);
  bystander_start(&sleeper, serve_until_over, NULL);
  until_bystander_sleeps(&sleeper);
}

/* Another submits when the victim has said that it will wake the server, and has not done so. */
static void call_sleeper(sluice_space *space, crash_log *log) {
  open_rpc(space, log);
  sluice_rpc_caller caller = caller_by(space, log, space->participant);
  for (uint32_t i = 0; i < 2; i++) {
    if (i == 1) {
      crash_meanwhile("event.signal: waiters' bit taken away", 0, outsider_submits);
    }
    CRASH_TRUE(start(&caller, i) != 0);
    CRASH_EQUAL(sluice_rpc_caller_wait(&caller, -1), SLUICE_OK);
    expect(&caller, sluice_rpc_poll(&caller), i);
    CRASH_EQUAL(sluice_rpc_release(&caller), SLUICE_OK);
    until_sleeper_sleeps();
  }
}

static void sleeper_serves_on(sluice_space *space, crash_log *log, int finished) {
  double from = bystander_now();
  (void)space;
  (void)finished;
  while (atomic_load(&served[0]) != log->notes[3]) {
    bystander_turn(from, "a call is not served");
  }
  if (log->notes[3] != 0) {
    expect(&others, sluice_rpc_poll(&others), 70);
    CRASH_EQUAL(sluice_rpc_release(&others), SLUICE_OK);
  }
  CRASH_TRUE(start(&mine, 71) != 0);
  bystander_join(&sleeper);
  expect(&mine, sluice_rpc_poll(&mine), 71);
  CRASH_EQUAL(sluice_rpc_release(&mine), SLUICE_OK);
  all_slots_serve();
}

/* ---- a caller dies; another sleeps until there is room ---- */

static void call_when_there_is_room(bystander *who) {
  sluice_rpc_caller caller = others;
  until_begun(running);
  while (start(&caller, 70) == 0) {
    CRASH_EQUAL(caller.status, SLUICE_E_FULL);
    atomic_store(&who->about_to_sleep, 1);
    CRASH_EQUAL(sluice_rpc_room_wait(&caller, -1), SLUICE_OK);
  }
}

static void two_calls_wanted(sluice_space *space, crash_log *log) {
  make(space, log, 2);
  bystander_start(&sleeper, call_when_there_is_room, NULL);
  double from = bystander_now();
  while (atomic_load(&sleeper.number) == 0) {
    bystander_turn(from, "a bystander does not begin");
  }
}

static void take_all_room(sluice_space *space, crash_log *log) {
  open_rpc(space, log);
  sluice_rpc_caller caller = caller_by(space, log, space->participant);
  CRASH_TRUE(start(&caller, 1) != 0);
  CRASH_TRUE(sluice_rpc_claim(&caller, 8, 2) != NULL);
  atomic_store(&log->begun, 1);
  double from = bystander_now();
  while ((atomic_load(&caller.view.rpc->room) & 1) == 0) {
    bystander_turn(from, "nobody waits for room");
  }
  until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  sluice_step("another waits for room");
  uint64_t tail = atomic_load(&caller.view.rpc->tail);
  CRASH_EQUAL(sluice_rpc_abort(&caller), SLUICE_OK);
  while (atomic_load(&caller.view.rpc->tail) == tail) {
    bystander_turn(from, "room is not used");
  }
}

static void sleeper_has_called(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  atomic_store(&log->begun, 1); /* should the victim not have got so far */
  bystander_join(&sleeper);
  CRASH_TRUE(!finished || sluice_rpc_server_wait(&others_too, 0) == SLUICE_OK);
  CRASH_EQUAL(take(&others_too), 70);
  CRASH_EQUAL(answer(&others_too, others_too.id, 70), SLUICE_OK);
  expect(&others, sluice_rpc_poll(&others), 70);
  CRASH_EQUAL(sluice_rpc_release(&others), SLUICE_OK);
  all_slots_serve();
}

/* ---- one that is caller and server dies ---- */

static void call_itself(sluice_space *space, crash_log *log) {
  open_rpc(space, log);
  sluice_rpc_caller caller = caller_by(space, log, space->participant);
  sluice_rpc_server server = server_by(space, log, space->participant);
  CRASH_TRUE(start(&caller, 1) != 0);
  CRASH_TRUE(start(&caller, 2) != 0);
  CRASH_EQUAL(take(&server), 1);
  uint32_t id = server.id;
  CRASH_EQUAL(take(&server), 2);
  CRASH_EQUAL(sluice_rpc_caller_close(&caller), SLUICE_OK);
  CRASH_EQUAL(answer(&server, id, 1), SLUICE_E_PEER_LOST);
}

static void all_is_gone(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  all_slots_serve();
}

/* ---- a dead caller is buried in the middle of its server's moves, and the other way round ---- */

static sluice_space guest;
static sluice_rpc_caller guests;
static sluice_space *survivor;
static uint32_t reused; /* the id of a call in the slot of another that was abandoned */

static void bury_guest(void) {
  CRASH_EQUAL(sluice_participant_bury(survivor, guest.participant), SLUICE_OK);
}

static void with_guest(sluice_space *space, crash_log *log) {
  make(space, log, 1);
  survivor = space;
  CRASH_EQUAL(sluice_space_attach(&guest, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&guest, 0), SLUICE_OK);
  open_rpc(&guest, log);
  guests = caller_by(&guest, log, guest.participant);
  log->guests = 1;
}

/* The guest has come anew, and finds nothing of what it left. */
static void next_guest_finds_nothing(crash_log *log) {
  uint32_t slot = guest.participant & 0xff;
  guest.participant = 0;
  CRASH_EQUAL(sluice_participant_join(&guest, 0), SLUICE_OK);
  CRASH_EQUAL(guest.participant & 0xff, slot);
  guests = caller_by(&guest, log, guest.participant);
  CRASH_TRUE(sluice_rpc_poll(&guests) == NULL);
  CRASH_EQUAL(guests.status, SLUICE_E_EMPTY);
  CRASH_TRUE(start(&guests, 5) != 0);
  CRASH_EQUAL(take(&mine_too), 5);
  CRASH_EQUAL(answer(&mine_too, mine_too.id, 5), SLUICE_OK);
  expect(&guests, sluice_rpc_poll(&guests), 5);
  CRASH_EQUAL(sluice_rpc_release(&guests), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_leave(&guest), SLUICE_OK);
}

static void bury_in_the_middle(crash_log *log, const char *step, int status) {
  CRASH_TRUE(start(&guests, 1) != 0);
  crash_meanwhile(step, 0, bury_guest);
  CRASH_EQUAL(take(&mine_too), 1);
  CRASH_EQUAL(answer(&mine_too, mine_too.id, 1), status);
  next_guest_finds_nothing(log);
  all_slots_serve();
}

static void bury_when_taken(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  bury_in_the_middle(log, "rpc.next: taken", SLUICE_E_PEER_LOST);
}

static void bury_when_written(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  bury_in_the_middle(log, "rpc.complete: written", SLUICE_E_PEER_LOST);
}

static void bury_when_done(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  bury_in_the_middle(log, "rpc.complete: done", SLUICE_OK);
}

static void complete_and_reuse(void) {
  CRASH_EQUAL(answer(&mine_too, mine_too.id, 1), SLUICE_E_PEER_LOST);
  reused = start(&mine, 2);
  CRASH_TRUE(reused != 0);
  CRASH_EQUAL(take(&others_too), 2);
  CRASH_EQUAL(sluice_rpc_cancelled(&others_too, reused), 0);
  CRASH_EQUAL(sluice_rpc_cancel(&mine, reused), SLUICE_OK);
}

static void complete_beside_burial(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  CRASH_TRUE(start(&guests, 1) != 0);
  CRASH_EQUAL(take(&mine_too), 1);
  crash_meanwhile("rpc.give up: abandoned", 0, complete_and_reuse);
  bury_guest();
  CRASH_EQUAL(sluice_rpc_cancelled(&others_too, reused), 1);
  CRASH_EQUAL(answer(&others_too, reused, 2), SLUICE_OK);
  expect(&mine, sluice_rpc_poll(&mine), 2);
  CRASH_EQUAL(sluice_rpc_release(&mine), SLUICE_OK);
  next_guest_finds_nothing(log);
  all_slots_serve();
}

const crash_scenario crash_scenarios[] = {
    {"a dead caller's calls are gone, but for what a server still runs", four_calls, make_calls,
     calls_are_gone, remove_rpc},
    {"a dead caller's place in the queue is passed over", two_calls_dropped, submit_with_others,
     others_call_is_served, remove_rpc},
    {"each call of a dead server ends once, or goes to the next", four_calls_made, serve,
     every_call_ends_once, remove_rpc},
    {"a sleeping caller is told of its server's death", four_calls_awaited, serve, sleeper_has_all,
     remove_rpc},
    {"a server that a dead caller was about to wake serves on", asleep_for_work, call_sleeper,
     sleeper_serves_on, remove_rpc},
    {"a caller that sleeps for room gets a dead one's", two_calls_wanted, take_all_room,
     sleeper_has_called, remove_rpc},
    {"one that calls itself and dies leaves no call", four_calls, call_itself, all_is_gone,
     remove_rpc},
    {"a caller is buried when its call is taken", with_guest, NULL, bury_when_taken, remove_rpc},
    {"a caller is buried when its reply is written", with_guest, NULL, bury_when_written,
     remove_rpc},
    {"a caller is buried when its call is done, before it is told", with_guest, NULL,
     bury_when_done, remove_rpc},
    {"a dead caller's burial does not touch a later call's cancellation", with_guest, NULL,
     complete_beside_burial, remove_rpc},
    {NULL, NULL, NULL, NULL, NULL},
};
