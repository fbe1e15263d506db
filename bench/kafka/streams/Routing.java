import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The routing of bench/kafka as a Kafka Streams application: what has a total goes to one of two topics by its country.
 * Arguments: topics in, near and far, then settings of Streams as name=value. Runs until it is killed.
 */
public final class Routing {
    public static void main(String[] args) {
        ObjectMapper mapper = new ObjectMapper();
        Serde<JsonNode> json = Serdes.serdeFrom(
                (topic, node) -> {
                    try {
                        return mapper.writeValueAsBytes(node);
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                },
                (topic, bytes) -> {
                    try {
                        return mapper.readTree(bytes);
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                });
        Produced<String, JsonNode> produced = Produced.with(Serdes.String(), json);
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(args[0], Consumed.with(Serdes.String(), json))
                .filter((key, order) -> order.get("total").asInt() > 0)
                .split()
                .branch(
                        (key, order) -> order.get("country").asText().equals("DE"),
                        Branched.withConsumer(stream -> stream.to(args[1], produced)))
                .defaultBranch(Branched.withConsumer(stream -> stream.to(args[2], produced)));
        Properties settings = new Properties();
        for (int at = 3; at < args.length; at++) {
            String[] pair = args[at].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        new KafkaStreams(builder.build(settings), settings).start();
    }
}
