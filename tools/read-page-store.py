#!/usr/bin/env python3
"""Lists and extracts images of a page store. Written from docs/formats/page-store.md alone.

    read-page-store.py STORE              one line an image
    read-page-store.py STORE ID DIR       writes the image's files into the new directory DIR

Needs the zstd command; for an encrypted store the key file in STASIS_STORE_KEY and the Python package cryptography.
"""
import hashlib
import hmac
import os
import subprocess
import sys

PAGE, SLOTS, HEADER = 4096, 64, 32


def refuse(what):
    sys.exit(f"read-page-store: {what}")


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def unseal(key, number, data, aad=None):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    return AESGCM(key).decrypt(number.to_bytes(4, "little") + bytes(8), data, aad)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, count):
        if self.at + count > len(self.data):
            refuse("an end in the middle of a value")
        self.at += count
        return self.data[self.at - count:self.at]

    def uint(self, count):
        return int.from_bytes(self.take(count), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.uint(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def string(self):
        return self.take(self.varint()).decode()


def unwrap(wrapped, aad):
    with open(os.environ.get("STASIS_STORE_KEY") or refuse("set STASIS_STORE_KEY to the key file")) as file:
        keys = [bytes.fromhex(line) for line in file.read().split()]
    for key in keys:
        if hashlib.sha256(b"stasis store key id\n" + key).digest()[:8] == wrapped[:8]:
            early = hmac.digest(wrapped[8:40], key, "sha256")
            return unseal(hmac.digest(early, b"stasis image key\x01", "sha256"), 0, wrapped[40:], aad)
    refuse("the image is encrypted under another key")


class Image:
    def __init__(self, store, name):
        self.store, self.frames, self.cache, self.files = store, {}, {}, []
        with open(os.path.join(store, "images", name), "rb") as file:
            data = file.read()
        if hashlib.sha256(data[:-32]).digest() != data[-32:]:
            refuse(f"images/{name} was changed")
        head = Reader(data[:-32])
        if head.take(8) != b"STASISIM" or head.uint(2) != 1:
            refuse(f"images/{name} has another format")
        flags = head.uint(2)
        if flags > 1 or head.string() != name:
            refuse(f"images/{name} is another image, or has flags of a later version")
        self.sealed = flags == 1
        self.packs = [head.take(16).hex() for _ in range(head.varint())]
        aad = data[:head.at]
        key = unwrap(head.take(88), aad) if self.sealed else None
        body = data[head.at:-32]
        self.read(Reader(unzstd(unseal(key, 0, body, aad) if self.sealed else body)))

    def read(self, body):
        secret = 32 if self.sealed else 16
        self.stored, self.lineage, self.parent = body.varint(), body.take(32), body.string()
        self.labels = {body.string(): body.string() for _ in range(body.varint())}
        places = []
        for pack in range(len(self.packs)):
            body.varint()
            number, offset = 0, HEADER
            for _ in range(body.varint()):
                number += body.varint()
                offset += body.varint()
                length, bases, base = body.varint(), [], 0
                for _ in range(body.varint()):
                    base += body.zigzag()
                    bases.append(base)
                places.append((pack, number, offset, length, bases))
                number, offset = number + 1, offset + length
        for pack, number, offset, length, bases in places:
            against = [places[base][:2] for base in bases]
            self.frames[pack, number] = (pack, offset, length, body.take(secret), against)
        for _ in range(body.varint()):
            name, size, digest, kind = body.string(), body.varint(), body.take(32), body.uint(1)
            if kind == 0:
                pieces = [[body.varint() for _ in range(4)] + [body.take(secret)] for _ in range(body.varint())]
                self.files.append((name, size, digest, self.whole(pieces)))
            elif kind == 1:
                self.files.append((name, size, digest, self.pages(Reader(body.take(body.varint())), size)))
            else:
                refuse(f"{name} is kept in an unknown way")

    def frame(self, pack, offset, length, secret, bases=()):
        with open(os.path.join(self.store, "packs", self.packs[pack]), "rb") as file:
            file.seek(offset)
            data = file.read(length)
        if self.sealed:
            data = unseal(secret, 0, data)
        elif hashlib.sha256(data).digest()[:16] != secret:
            refuse(f"pack {self.packs[pack]} was changed at {offset}")
        if data[0] > 2:
            refuse(f"pack {self.packs[pack]} uses codec {data[0]}")
        if data[0] < 2:
            return data[1:] if data[0] == 0 else unzstd(data[1:])
        end = 2 + 2 * data[1]
        against = b"".join(self.page(bases[data[at]], data[at + 1]) for at in range(2, end, 2))
        plain = unzstd(data[end:])
        return (int.from_bytes(plain, "big") ^ int.from_bytes(against, "big")).to_bytes(len(plain), "big")

    def page(self, place, slot):
        if place not in self.cache:
            if len(self.cache) >= 256:
                self.cache.pop(next(iter(self.cache)))
            self.cache[place] = self.frame(*self.frames[place])
        return self.cache[place][slot * PAGE:(slot + 1) * PAGE]

    def whole(self, pieces):
        for pack, offset, length, _, secret in pieces:
            yield self.frame(pack, offset, length, secret)

    def pages(self, runs, size):
        left, pack, ends = -(-size // PAGE), None, [0] * len(self.packs)
        while left > 0:
            count, kind = divmod(runs.varint(), 4)
            left -= count
            if kind == 0:
                yield bytes(count * PAGE)
                continue
            if kind == 2:
                pack = runs.varint()
                ends[pack] += runs.zigzag()
            elif kind != 1:
                refuse(f"a run of the unknown kind {kind}")
            for position in range(ends[pack], ends[pack] + count):
                yield self.page((pack, position // SLOTS), position % SLOTS)
            ends[pack] += count

    def extract(self, target):
        os.mkdir(target, 0o700)
        for name, size, digest, pieces in self.files:
            whole, left = hashlib.sha256(), size
            with open(os.path.join(target, os.path.basename(name)), "wb") as file:
                for piece in pieces:
                    piece = piece[:left]
                    left -= len(piece)
                    whole.update(piece)
                    file.write(piece)
            if left != 0 or whole.digest() != digest:
                refuse(f"{name} is not what was stored")


if len(sys.argv) == 2:
    for each in sorted(os.listdir(os.path.join(sys.argv[1], "images"))):
        image = Image(sys.argv[1], each)
        print(each, "sealed" if image.sealed else "plain", *(f"{f[0]}:{f[1]}" for f in image.files))
elif len(sys.argv) == 4:
    Image(sys.argv[1], sys.argv[2]).extract(sys.argv[3])
else:
    refuse(__doc__)
