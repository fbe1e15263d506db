from collections import Counter

from pystorm import Bolt


class Count(Bolt):
    def initialize(self, conf, context):
        self.counts = Counter()

    def process(self, tup):
        self.counts[tup.values[0]] += 1


if __name__ == "__main__":
    Count().run()
