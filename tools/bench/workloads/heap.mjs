// A heap of small objects and strings; at SIGUSR1 some go, some come and some change.
const kept = new Map();
let next = 0;
const add = () => {
  next += 1;
  kept.set(next, { id: next, name: `user-${next}`, tags: [`t${next % 97}`, `g${next % 13}`], at: Date.now(), n: 0 });
};
for (let count = 0; count < 200_000; count++) add();
let round = 0;
process.on('SIGUSR1', () => {
  round += 1;
  for (const key of kept.keys()) {
    if (Math.random() < 0.02) kept.delete(key);
    else if (Math.random() < 0.03) kept.get(key).n += round;
  }
  for (let count = 0; count < 8_000; count++) add();
  console.log(`round ${round}`);
});
setInterval(() => {}, 60_000);
console.log('ready');
