import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** Multiplies numbers. The first one that the worker sees it fails, once. */
public class TimesBolt extends BaseRichBolt {
  private static boolean failed = false;
  private final int factor;
  private OutputCollector out;

  public TimesBolt(Integer factor) {
    this.factor = factor;
  }

  @Override
  public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
    out = collector;
  }

  @Override
  public void execute(Tuple tuple) {
    if (!failed) {
      failed = true;
      out.fail(tuple);
      return;
    }
    long n = ((Number) tuple.getValueByField("n")).longValue();
    out.emit(tuple, new Values(n, factor * n));
    out.ack(tuple);
  }

  /** Heddle declares the fields. */
  @Override
  public void declareOutputFields(OutputFieldsDeclarer declarer) {}
}
