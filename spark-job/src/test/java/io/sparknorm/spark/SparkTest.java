package io.sparknorm.spark;

import com.holdenkarau.spark.testing.JavaDatasetSuiteBase;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;

/**
 * Base of every test that needs Spark. All of them share one local session, {@link #spark()}, for
 * the life of the test JVM; it takes its settings from the {@code spark.*} system properties in the
 * module's pom. A test never stops the session and puts back each setting that it changes.
 *
 * <p>The inherited {@code assertDatasetEquals} and {@code assertDatasetApproximateEquals} compare
 * schema, order and values; {@code assertDataFrameNoOrderEquals} leaves the order out. The other
 * {@code assertDataFrame} methods differ between the two engine lines.
 */
public abstract class SparkTest extends JavaDatasetSuiteBase {
  @BeforeEach
  void startSharedSession() {
    runBefore();
  }

  @Override
  public SparkConf conf() {
    return new SparkConf().setAppName("sparknorm tests");
  }

  /** A session without Hive: its metastore costs seconds and no test needs it. */
  @Override
  public SparkSession.Builder builder() {
    return SparkSession.builder().config(conf());
  }
}
