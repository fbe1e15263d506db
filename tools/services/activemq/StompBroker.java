import java.io.File;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.store.kahadb.KahaDBPersistenceAdapter;
import org.apache.activemq.store.kahadb.disk.journal.Journal.JournalDiskSyncStrategy;

/** ActiveMQ with STOMP on one port, which keeps what is persistent on disk before it says so. */
public class StompBroker {
    /** Arguments: the port, the data folder. */
    public static void main(String[] args) throws Exception {
        KahaDBPersistenceAdapter store = new KahaDBPersistenceAdapter();
        store.setDirectory(new File(args[1], "kahadb"));
        store.setJournalDiskSyncStrategy(JournalDiskSyncStrategy.ALWAYS.name());

        BrokerService broker = new BrokerService();
        broker.setBrokerName("heddle");
        broker.setDataDirectory(args[1]);
        broker.setPersistenceAdapter(store);
        broker.setUseJmx(false);
        // AMQ_SCHEDULED_DELAY and its like are refused without it.
        broker.setSchedulerSupport(true);
        broker.addConnector("stomp://127.0.0.1:" + args[0]);
        broker.start();
        broker.waitUntilStopped();
    }
}
