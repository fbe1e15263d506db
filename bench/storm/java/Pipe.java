import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.Socket;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.spout.ShellSpout;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.IRichSpout;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * The pipe of this bench, pipe.ts, in Storm's own manner: spout → shuffle → bolt → fields → bolt, acked, one event a tuple. Its
 * arguments: name, port of the bench (see control.ts), "java" or "python", which takes the programs of pystorm instead.
 */
public final class Pipe {
    static final int TEXTS = 4096;
    static final int TEXT_LENGTH = 190;
    static final int KEYS = 1000;
    static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    public static final class Lines extends BaseRichSpout implements Runnable {
        private SpoutOutputCollector out;
        private final Map<Long, Long> emittedAt = new HashMap<>();
        private String[] texts;
        private BufferedReader told;
        private PrintWriter say;
        private volatile String pace = "set 100 100";
        private volatile String request;
        private String paced;
        private double rate;
        private int pending;
        private long pacedFrom;
        private long pacedCount;
        private long next;
        private long acked;
        private boolean first = true;
        private long[] latencies = new long[1 << 16];
        private int measured;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            out = collector;
            Random random = new Random();
            texts = new String[TEXTS];
            for (int n = 0; n < TEXTS; n++) {
                StringBuilder text = new StringBuilder();
                for (int at = 0; at < TEXT_LENGTH; at++) text.append(LETTERS.charAt(random.nextInt(64)));
                texts[n] = text.toString();
            }
            try {
                Socket socket = new Socket("127.0.0.1", ((Number) conf.get("bench.port")).intValue());
                told = new BufferedReader(new InputStreamReader(socket.getInputStream()));
                say = new PrintWriter(socket.getOutputStream(), true);
            } catch (IOException e) {
                throw new RuntimeException(e);
            }
            say.println("hello " + conf.get("bench.name"));
            Thread reader = new Thread(this);
            reader.setDaemon(true);
            reader.start();
        }

        /** What the bench says; the spout's own thread looks at it. */
        @Override
        public void run() {
            try {
                for (String line = told.readLine(); line != null; line = told.readLine())
                    if (line.startsWith("set ")) pace = line;
                    else request = line;
            } catch (IOException e) {
                // The bench is over.
            }
        }

        @Override
        public void nextTuple() {
            obey();
            long now = System.nanoTime();
            if (rate >= 0 && (now - pacedFrom) * rate / 1e9 - pacedCount < 1) return;
            if (emittedAt.size() >= pending) return;
            pacedCount++;
            long id = next++;
            emittedAt.put(id, now);
            out.emit(new Values("key-" + id % KEYS, texts[(int) (id % TEXTS)]), id);
        }

        private void obey() {
            if (pace != paced) {
                paced = pace;
                String[] words = paced.split(" ");
                rate = Double.parseDouble(words[1]);
                pending = Integer.parseInt(words[2]);
                pacedFrom = System.nanoTime();
                pacedCount = 0;
            }
            String asked = request;
            if (asked == null) return;
            request = null;
            if (asked.equals("begin")) {
                acked = 0;
                measured = 0;
            } else {
                long[] sorted = Arrays.copyOf(latencies, measured);
                Arrays.sort(sorted);
                say.println(acked + " " + at(sorted, 0.5) + " " + at(sorted, 0.99));
            }
        }

        private static double at(long[] sorted, double p) {
            return sorted.length == 0 ? 0 : sorted[(int) (p * (sorted.length - 1))] / 1e6;
        }

        @Override
        public void ack(Object id) {
            if (first) say.println("first");
            first = false;
            acked++;
            if (measured == latencies.length) latencies = Arrays.copyOf(latencies, measured * 2);
            latencies[measured++] = System.nanoTime() - emittedAt.remove(id);
        }

        @Override
        public void fail(Object id) {
            emittedAt.remove(id);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key", "text"));
        }
    }

    public static final class Pass extends BaseRichBolt {
        private OutputCollector out;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            out = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            out.emit(tuple, new Values(tuple.getString(0), tuple.getString(1)));
            out.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key", "text"));
        }
    }

    public static final class Count extends BaseRichBolt {
        private final Map<String, Integer> counts = new HashMap<>();
        private OutputCollector out;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            out = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            counts.merge(tuple.getString(0), 1, Integer::sum);
            out.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {}
    }

    public static final class PythonSpout extends ShellSpout implements IRichSpout {
        public PythonSpout() {
            super("python3", "lines.py");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key", "text"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    public static final class PythonBolt extends ShellBolt implements IRichBolt {
        private final boolean emits;

        public PythonBolt(String script, boolean emits) {
            super("python3", script);
            this.emits = emits;
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            if (emits) declarer.declare(new Fields("key", "text"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    public static void main(String[] args) throws Exception {
        boolean python = args[2].equals("python");
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", python ? new PythonSpout() : new Lines());
        builder.setBolt("pass", python ? new PythonBolt("pass.py", true) : new Pass()).shuffleGrouping("lines");
        builder.setBolt("count", python ? new PythonBolt("count.py", false) : new Count())
            .fieldsGrouping("pass", new Fields("key"));
        Config config = new Config();
        config.put("bench.name", args[0]);
        config.put("bench.port", Integer.parseInt(args[1]));
        config.setNumAckers(1);
        config.put(Config.TOPOLOGY_WORKER_CHILDOPTS, args[3]);
        StormSubmitter.submitTopology(args[0], config, builder.createTopology());
    }
}
