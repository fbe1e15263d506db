"""A bolt in Python: how each review sounds. It is a pystorm bolt as any other, and knows nothing of Heddle."""

from pystorm import Bolt

GOOD = {"love", "great", "good", "fast"}
BAD = {"hate", "slow", "bad", "broken"}


class ScoreBolt(Bolt):
    def process(self, tup):
        words = tup.values[0].lower().split()
        score = sum((word in GOOD) - (word in BAD) for word in words)
        self.emit([tup.values[0], score])


if __name__ == "__main__":
    ScoreBolt().run()
