package io.sparknorm.spark.fit;

import io.sparknorm.kernels.TensorShape;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;

/**
 * How many records Spark's readers of Parquet and ORC decode at once, while a job reads. Their
 * default of 4,096 suits narrow records: wide tensors would take hundreds of megabytes for each
 * task, and leave the cache before they are used. What the user has set stays.
 */
public final class ScanBatches implements AutoCloseable {
  /** About a megabyte of single-precision elements. */
  private static final int ELEMENTS = 1 << 18;

  private static final int FEWEST = 16;
  private static final int DEFAULT = 4096;

  /**
   * Of records whose length no shape tells. Those of 50,000 elements make 13 megabytes, and a
   * batch's own cost is small beside that of so many.
   */
  private static final int VARIABLE = 64;

  private static final List<String> KEYS =
      List.of("spark.sql.parquet.columnarReaderBatchSize", "spark.sql.orc.columnarReaderBatchSize");

  private final RuntimeConfig conf;
  private final List<String> ours = new ArrayList<>();

  private ScanBatches(RuntimeConfig conf, int records) {
    this.conf = conf;
    for (String key : KEYS) {
      if (!conf.contains(key)) {
        ours.add(key);
        conf.set(key, records);
      }
    }
  }

  /** Sets the sizes of batches for records with these blocks, until it is closed. */
  public static ScanBatches of(SparkSession spark, List<FeatureBlock> blocks) {
    List<TensorShape> shapes = blocks.stream().map(block -> block.type().shape()).toList();
    long elements = shapes.stream().mapToLong(TensorShape::fixedLength).sum();
    int most = shapes.stream().anyMatch(TensorShape::isVariable) ? VARIABLE : DEFAULT;
    return new ScanBatches(
        spark.conf(), (int) Math.max(FEWEST, Math.min(most, ELEMENTS / Math.max(1, elements))));
  }

  @Override
  public void close() {
    ours.forEach(conf::unset);
  }
}
