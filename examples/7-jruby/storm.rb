# Storm's multilang protocol, for bolts in Ruby.
# https://storm.apache.org/releases/2.8.4/Multilang-protocol.html
require 'json'

module Storm
  Tuple = Struct.new(:id, :component, :stream, :task, :values)

  # A bolt is a class with `process(tuple)`. What it emits there comes of that tuple, which is acked when it returns and failed
  # when it raises.
  class Bolt
    def run
      setup = receive
      File.write(File.join(setup['pidDir'], Process.pid.to_s), '')
      send('pid' => Process.pid)
      while (message = receive)
        next if message.is_a?(Array) # the tasks that got an emission
        take(Tuple.new(*message.values_at('id', 'comp', 'stream', 'task', 'tuple')))
      end
    end

    def emit(values, stream: 'default')
      send('command' => 'emit', 'anchors' => [@current.id], 'stream' => stream, 'tuple' => values, 'need_task_ids' => false)
    end

    def log(message)
      send('command' => 'log', 'msg' => message, 'level' => 2)
    end

    private

    def take(tuple)
      return send('command' => 'sync') if tuple.stream == '__heartbeat'
      return if tuple.stream == '__tick'
      @current = tuple
      process(tuple)
      send('command' => 'ack', 'id' => tuple.id)
    rescue StandardError => error
      send('command' => 'error', 'msg' => error.full_message)
      send('command' => 'fail', 'id' => tuple.id)
    end

    def receive
      lines = []
      while (line = $stdin.gets)
        return JSON.parse(lines.join) if line == "end\n"
        lines << line
      end
    end

    def send(message)
      $stdout.write("#{JSON.generate(message)}\nend\n")
      $stdout.flush
    end
  end
end
