package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.TimeLimit;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.functions.RunFunctions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;

/**
 * Applies normalizers to blocks of features: record by record, in one pass, without a shuffle.
 *
 * <p>What the pass sees is observed on its way through and not counted by a pass of its own. Spark
 * takes an observation over from each partition once, when a task of the last stage has succeeded;
 * this pass is part of that stage, so that retried tasks count once. The first observation stands
 * between the call that normalises a block and those who read its result, and Spark collapses
 * nothing across it: the call is made once.
 */
public final class Applier {
  private static final String PASSED = "__sparknorm_passed_";
  private static final String RECORDS = "records";
  private static final String DROPPED = "dropped";
  private static final String UNSEEN = "unseen_";
  private static final String READ = "read_";
  private static final String WRITTEN = "written_";

  private final Dataset<Row> rows;
  private final Observation before = new Observation();
  private final Observation after = new Observation();
  private final int blocks;
  private final List<Boolean> grouped;
  private final long patienceSeconds;

  /**
   * Plans the pass; nothing is read yet.
   *
   * @param norms one for each block, in the same order
   */
  public Applier(
      Dataset<Row> input,
      List<FeatureBlock> blocks,
      List<? extends AppliedNorm> norms,
      FaultPolicies policies) {
    this.patienceSeconds =
        input
            .sparkSession()
            .sparkContext()
            .conf()
            .getTimeAsSeconds("spark.network.timeout", "120s");
    this.blocks = blocks.size();
    this.grouped = norms.stream().map(norm -> norm instanceof AppliedNorm.Grouped).toList();
    try (RunFunctions functions = RunFunctions.open(input.sparkSession())) {
      Dataset<Row> passed = input;
      for (int i = 0; i < blocks.size(); i++) {
        Column pass = norms.get(i).pass(functions, blocks.get(i), input, policies);
        passed = passed.withColumn(PASSED + i, pass);
      }

      Dataset<Row> kept = observe(passed);
      if (policies.dropRecords()) {
        kept = kept.where(not(dropped(kept)));
      }

      for (int i = 0; i < blocks.size(); i++) {
        Column pass = kept.col(PASSED + i);
        kept =
            norms
                .get(i)
                .check(functions, blocks.get(i), kept, policies, pass)
                .map(kept::where)
                .orElse(kept);
      }

      this.rows =
          kept.select(columns(kept, input.columns(), blocks))
              .observe(after, count(lit(1)).as(RECORDS));
    }
  }

  /** The dataset with normalised features; an action on it makes the pass. */
  public Dataset<Row> rows() {
    return rows;
  }

  /** What the pass read of each block, once it is made. */
  public List<Inspection> before() {
    Map<String, Object> metrics = metrics(before);
    long dropped = metrics.get(DROPPED) instanceof Long some ? some : 0;
    return inspections((Long) metrics.get(RECORDS), dropped, metrics, READ);
  }

  /** The records that the pass wrote, and the means of each block; faults count as read. */
  public List<Inspection> after() {
    return inspections((Long) metrics(after).get(RECORDS), 0, metrics(before), WRITTEN);
  }

  private List<Inspection> inspections(
      long records, long dropped, Map<String, Object> metrics, String prefix) {
    List<Inspection> inspections = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      List<Double> sums = new ArrayList<>();
      for (int j = 0; j < Inspection.ENTRIES; j++) {
        sums.add((Double) metrics.get(metric(prefix, i, j)));
      }

      long unseen = metrics.get(UNSEEN + i) instanceof Long some ? some : 0;
      inspections.add(Inspection.of(records, dropped, unseen, sums));
    }

    return inspections;
  }

  /**
   * What was observed. Spark tells it by an event, and drops events that it has no room for: there
   * is an end to waiting.
   */
  private Map<String, Object> metrics(Observation observation) {
    try {
      return TimeLimit.within(patienceSeconds, "sparknorm-counts", observation::getAsJava);
    } catch (TimeoutException e) {
      throw new JobException(
          LeavingStatus.TRY_AGAIN,
          "Cannot count the records: no word of the pass's end within %d s; Spark tells slow listeners"
                  .formatted(patienceSeconds)
              + " late (raise spark.network.timeout) and drops events that it has no room for"
              + " (raise spark.scheduler.listenerbus.eventqueue.capacity); start the run again",
          e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("Cannot count the records", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Cannot wait for the counts of a pass: interrupted", e);
    }
  }

  private Dataset<Row> observe(Dataset<Row> passed) {
    Column dropped = dropped(passed);
    List<Column> metrics = new ArrayList<>();
    metrics.add(sum(dropped.cast("long")).as(DROPPED));
    for (int i = 0; i < blocks; i++) {
      Column pass = passed.col(PASSED + i);
      addSums(READ, i, RunFunctions.read(pass), metrics);
      addSums(WRITTEN, i, when(not(dropped), RunFunctions.written(pass)), metrics);
      if (grouped.get(i)) {
        metrics.add(sum(RunFunctions.unseen(pass).and(not(dropped)).cast("long")).as(UNSEEN + i));
      }
    }

    return passed.observe(before, count(lit(1)).as(RECORDS), metrics.toArray(Column[]::new));
  }

  private static void addSums(String prefix, int block, Column seen, List<Column> metrics) {
    List<Column> sums = RunFunctions.sums(seen);
    for (int i = 0; i < sums.size(); i++) {
      metrics.add(sums.get(i).as(metric(prefix, block, i)));
    }
  }

  private static String metric(String prefix, int block, int entry) {
    return prefix + block + "_" + entry;
  }

  /** Whether the faults of any block leave the record out. */
  private Column dropped(Dataset<Row> passed) {
    Column dropped = lit(false);
    for (int i = 0; i < blocks; i++) {
      dropped = dropped.or(RunFunctions.dropped(passed.col(PASSED + i)));
    }

    return dropped;
  }

  /** The input's columns in their order, those replaced in their places, then new ones. */
  private static Column[] columns(Dataset<Row> rows, String[] inputs, List<FeatureBlock> blocks) {
    Map<String, Column> outputs = new LinkedHashMap<>();
    for (int i = 0; i < blocks.size(); i++) {
      blocks
          .get(i)
          .outputs(RunFunctions.normalised(rows.col(PASSED + i)))
          .forEach((name, column) -> outputs.put(lowerCase(name), column.as(name)));
    }

    List<Column> columns = new ArrayList<>();
    for (String input : inputs) {
      Column output = outputs.remove(lowerCase(input));
      columns.add(output == null ? FeatureBlock.column(rows, input) : output);
    }

    columns.addAll(outputs.values());
    return columns.toArray(Column[]::new);
  }

  private static String lowerCase(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
