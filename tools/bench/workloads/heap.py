# A heap of dictionaries and strings that grows and changes at SIGUSR1.
import random
import signal
import sys

kept = {}
rounds = 0


def add(count):
    for _ in range(count):
        n = len(kept)
        kept[n] = {"id": n, "name": "user-%d" % n, "score": random.random(), "tags": ["t%d" % (n % 97), "g"]}


def change(*_):
    global rounds
    rounds += 1
    add(4000)
    for _ in range(3000):
        kept[random.randrange(len(kept))]["score"] = random.random()
    print("round", rounds, flush=True)


add(120000)
signal.signal(signal.SIGUSR1, change)
print("ready", flush=True)
while True:
    signal.pause()
