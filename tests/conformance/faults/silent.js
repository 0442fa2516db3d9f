// Starts, stays alive and never says a word.
setInterval(() => {}, 1000);
