import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * The word count of bench/engine on Storm's LocalCluster, in its own manner: spout → split (4 tasks) → by word → count (8 tasks),
 * tracked by ackers. Prints how many lines were acked in each second, for as many seconds as its first argument says; the second
 * is the number of executors of each component, the third the most lines that may be pending.
 */
public final class WordCount {
    static final int WORDS = 10;
    static final AtomicLong acked = new AtomicLong();

    public static final class Lines extends BaseRichSpout {
        private SpoutOutputCollector out;
        private String[] text;
        private long next;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            out = collector;
            text = new String[50_000];
            for (int n = 0; n < text.length; n++) {
                StringBuilder line = new StringBuilder();
                for (int at = 0; at < WORDS; at++) {
                    if (at > 0) line.append(' ');
                    line.append("word").append((n * 31 + at * 17) % 1000);
                }
                text[n] = line.toString();
            }
        }

        @Override
        public void nextTuple() {
            out.emit(new Values(text[(int) (next % text.length)]), next++);
        }

        @Override
        public void ack(Object id) {
            acked.incrementAndGet();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("line"));
        }
    }

    public static final class Split extends BaseRichBolt {
        private OutputCollector out;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            out = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            for (String word : tuple.getString(0).split(" ")) out.emit(tuple, new Values(word));
            out.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
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

    public static void main(String[] args) throws Exception {
        int seconds = Integer.parseInt(args[0]);
        int executors = Integer.parseInt(args[1]);
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", new Lines());
        builder.setBolt("split", new Split(), executors).setNumTasks(4).shuffleGrouping("lines");
        builder.setBolt("count", new Count(), executors).setNumTasks(8).fieldsGrouping("split", new Fields("word"));
        Config config = new Config();
        config.setNumAckers(1);
        config.setMaxSpoutPending(Integer.parseInt(args[2]));
        Map<String, Object> daemon = Map.of("storm.metricstore.class", "org.apache.storm.metricstore.NoOpMetricStore");
        try (LocalCluster cluster = new LocalCluster.Builder().withDaemonConf(daemon).build()) {
            cluster.submitTopology("word-count", config, builder.createTopology());
            long before = 0;
            for (int second = 0; second < seconds; second++) {
                Thread.sleep(1000);
                long now = acked.get();
                System.out.println("acked " + (now - before));
                System.out.flush();
                before = now;
            }
            // A cluster takes long to end.
            Runtime.getRuntime().halt(0);
        }
    }
}
