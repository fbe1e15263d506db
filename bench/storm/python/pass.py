from pystorm import Bolt


class Pass(Bolt):
    def process(self, tup):
        self.emit([tup.values[0], tup.values[1]], need_task_ids=False)


if __name__ == "__main__":
    Pass().run()
