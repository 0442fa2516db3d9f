// For a bundle of one file, in a format that has no import.meta.
import { channel, create, text } from 'sluice';

async function run() {
  const space = await create();
  const words = channel(space, 'words', { codec: text });
  await words.sender().send('kept');
  console.log(space.transport, await words.receiver().receive());
  await space.close();
}

run();
