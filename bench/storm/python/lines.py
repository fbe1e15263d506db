"""The spout of pipe.ts with pystorm: see control.ts for what it says to the bench."""
import random
import socket
import threading
import time

from pystorm import Spout

TEXTS = 4096
TEXT_LENGTH = 190
KEYS = 1000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# Most events of one next_tuple: Storm asks anew only when all that it has brought is under way.
BURST = 50


class Lines(Spout):
    def initialize(self, conf, context):
        self.texts = ["".join(random.choices(LETTERS, k=TEXT_LENGTH)) for _ in range(TEXTS)]
        self.emitted_at = {}
        self.next_id = 0
        self.acked = 0
        self.first = True
        self.latencies = []
        self.pace(100, 100)
        connection = socket.create_connection(("127.0.0.1", conf["bench.port"]))
        self.link = connection.makefile("rw")
        self.say("hello " + conf["bench.name"])
        threading.Thread(target=self.listen, daemon=True).start()

    def say(self, line):
        self.link.write(line + "\n")
        self.link.flush()

    def pace(self, rate, pending):
        self.rate, self.pending = rate, pending
        self.paced_from, self.paced = time.monotonic(), 0

    def listen(self):
        for line in self.link:
            words = line.split()
            if words[0] == "set":
                self.pace(float(words[1]), int(words[2]))
            elif words[0] == "begin":
                self.acked, self.latencies = 0, []
            else:
                found = sorted(self.latencies)
                at = lambda p: found[int(p * (len(found) - 1))] if found else 0
                self.say("%d %f %f" % (self.acked, at(0.5), at(0.99)))

    def next_tuple(self):
        now = time.monotonic()
        due = BURST if self.rate < 0 else int((now - self.paced_from) * self.rate) - self.paced
        count = min(due, BURST, self.pending - len(self.emitted_at))
        if self.rate == 0:
            time.sleep(0.1)
        for _ in range(count):
            self.next_id += 1
            self.paced += 1
            number = self.next_id
            self.emitted_at[number] = time.monotonic()
            event = ["key-%d" % (number % KEYS), self.texts[number % TEXTS]]
            self.emit(event, tup_id=number, need_task_ids=False)

    def ack(self, tup_id):
        if self.first:
            self.first = False
            self.say("first")
        self.acked += 1
        self.latencies.append((time.monotonic() - self.emitted_at.pop(tup_id)) * 1000)

    def fail(self, tup_id):
        self.emitted_at.pop(tup_id, None)


if __name__ == "__main__":
    Lines().run()
