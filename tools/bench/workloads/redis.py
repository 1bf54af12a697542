# redis-server with 40 000 hashes; at SIGUSR1 some of them are written again and some are added.
import os
import random
import signal
import socket
import subprocess
import time

path = "/tmp/redis.sock"
server = subprocess.Popen(
    ["/usr/bin/redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", "/tmp", "--daemonize", "no"],
    stdout=subprocess.DEVNULL,
)
while not os.path.exists(path):
    time.sleep(0.05)
link = socket.socket(socket.AF_UNIX)
link.connect(path)
rounds = 0
keys = 40000


def write(names):
    for at in range(0, len(names), 500):
        part = names[at:at + 500]
        out = b""
        for name in part:
            words = [b"HSET", b"user:%d" % name, b"name", b"user number %d" % name, b"token", os.urandom(120).hex().encode()]
            out += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        link.sendall(out)
        answers = 0
        while answers < len(part):
            answers += link.recv(65536).count(b"\r\n")


def change(*_):
    global rounds, keys
    rounds += 1
    write([random.randrange(keys) for _ in range(1500)] + list(range(keys, keys + 500)))
    keys += 500
    print("round", rounds, flush=True)


write(list(range(keys)))
signal.signal(signal.SIGUSR1, change)
print("ready", flush=True)
while True:
    signal.pause()
