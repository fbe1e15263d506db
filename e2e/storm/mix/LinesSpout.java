import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.storm.kafka.spout.FirstPollOffsetStrategy;
import org.apache.storm.kafka.spout.KafkaSpout;
import org.apache.storm.kafka.spout.KafkaSpoutConfig;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/** The spout of storm-kafka-client, with a constructor of plain arguments. */
public class LinesSpout extends KafkaSpout<String, String> {
  public LinesSpout(String brokers, String topic) {
    super(
        KafkaSpoutConfig.builder(brokers, topic)
            .setProp(ConsumerConfig.GROUP_ID_CONFIG, "mix-lines")
            .setFirstPollOffsetStrategy(FirstPollOffsetStrategy.EARLIEST)
            .setRecordTranslator(record -> new Values(record.value()), new Fields("line"))
            .build());
  }
}
