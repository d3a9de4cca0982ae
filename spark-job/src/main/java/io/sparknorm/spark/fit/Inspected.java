package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.functions.RunFunctions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;

/**
 * A dataset with a column of its own for what was seen of each block's tensors.
 *
 * @param rows the dataset with these columns added
 * @param columns the names of the columns added, one for each block
 */
record Inspected(Dataset<Row> rows, List<String> columns) {
  private static final String RECORDS = "records";
  private static final String DROPPED = "dropped";

  /**
   * Inspects a tensor column for each block.
   *
   * @param prefix what the names of the added columns begin with
   */
  static Inspected of(
      Dataset<Row> rows,
      String prefix,
      List<FeatureBlock> blocks,
      List<Column> tensors,
      FaultPolicies policies,
      RunFunctions functions) {
    List<String> columns = new ArrayList<>();
    Dataset<Row> inspected = rows;
    for (int i = 0; i < blocks.size(); i++) {
      FeatureBlock block = blocks.get(i);
      columns.add(prefix + i);
      inspected =
          inspected.withColumn(
              columns.get(i),
              functions.inspect(tensors.get(i), block.type().shape(), block.rules(policies)));
    }

    return new Inspected(inspected, columns);
  }

  /** Whether the faults of any block leave the record out. */
  Column dropped() {
    Column dropped = lit(false);
    for (String column : columns) {
      dropped = dropped.or(RunFunctions.dropped(rows.col(column)));
    }

    return dropped;
  }

  /** The same, handing what passes to an observation. */
  Inspected observe(Observation observation) {
    List<Column> metrics = new ArrayList<>();
    metrics.add(sum(dropped().cast("long")).as(DROPPED));
    for (int i = 0; i < columns.size(); i++) {
      List<Column> sums = RunFunctions.sums(rows.col(columns.get(i)));
      for (int j = 0; j < sums.size(); j++) {
        metrics.add(sums.get(j).as(metric(i, j)));
      }
    }

    Dataset<Row> observed =
        rows.observe(observation, count(lit(1)).as(RECORDS), metrics.toArray(Column[]::new));
    return new Inspected(observed, columns);
  }

  /** What an observation was handed, for each block, once an action is done. */
  static List<Inspection> results(Observation observation, int blocks) {
    Map<String, Object> metrics;
    try {
      metrics = observation.getAsJava();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Cannot wait for the counts of a pass: interrupted", e);
    }

    long records = (Long) metrics.get(RECORDS);
    Long dropped = (Long) metrics.get(DROPPED);
    List<Inspection> results = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      List<Double> sums = new ArrayList<>();
      for (int j = 0; j < Inspection.ENTRIES; j++) {
        sums.add((Double) metrics.get(metric(i, j)));
      }

      results.add(Inspection.of(records, dropped == null ? 0 : dropped, sums));
    }

    return results;
  }

  private static String metric(int block, int entry) {
    return "block_%d_%d".formatted(block, entry);
  }
}
