"""A bolt in Python, with pystorm: it knows nothing of Heddle."""

from pystorm import Bolt


class ShoutBolt(Bolt):
    def process(self, tup):
        word, pid = tup.values
        self.emit([word.upper(), pid])


if __name__ == "__main__":
    ShoutBolt().run()
