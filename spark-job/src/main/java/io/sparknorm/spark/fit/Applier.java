package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.not;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.functions.RunFunctions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;

/**
 * Applies normalizers to blocks of features: record by record, in one pass, without a shuffle.
 *
 * <p>What the pass sees is observed on its way through and not counted by a pass of its own. Spark
 * takes an observation over from each partition once, when a task of the last stage has succeeded;
 * this pass is part of that stage, so that retried tasks count once.
 */
public final class Applier {
  private final Dataset<Row> rows;
  private final Observation before = new Observation();
  private final Observation after = new Observation();
  private final int blocks;

  /**
   * Plans the pass; nothing is read yet.
   *
   * @param normalizers one for each block, in the same order
   */
  public Applier(
      Dataset<Row> input,
      List<FeatureBlock> blocks,
      List<Normalizer> normalizers,
      FaultPolicies policies) {
    this.blocks = blocks.size();
    try (RunFunctions functions = RunFunctions.open(input.sparkSession())) {
      List<Column> tensors = blocks.stream().map(block -> block.tensors(input)).toList();
      Inspected read =
          Inspected.of(input, "__sparknorm_read_", blocks, tensors, policies, functions)
              .observe(before);
      Dataset<Row> kept =
          policies.dropRecords() ? read.rows().where(not(read.dropped())) : read.rows();

      List<String> names = new ArrayList<>();
      for (int i = 0; i < blocks.size(); i++) {
        FeatureBlock block = blocks.get(i);
        names.add("__sparknorm_normalised_" + i);
        kept =
            kept.withColumn(
                names.get(i),
                functions.normalise(
                    block.tensors(kept), normalizers.get(i), block.rules(policies)));
      }

      List<Column> normalised = names.stream().map(kept::col).toList();
      Dataset<Row> written =
          Inspected.of(
                  kept,
                  "__sparknorm_written_",
                  blocks,
                  normalised,
                  FaultPolicies.LENIENT,
                  functions)
              .observe(after)
              .rows();
      this.rows = written.select(columns(written, input.columns(), blocks, names));
    }
  }

  /** The dataset with normalised features; an action on it makes the pass. */
  public Dataset<Row> rows() {
    return rows;
  }

  /** What the pass read of each block, once it is made. */
  public List<Inspection> before() {
    return Inspected.results(before, blocks);
  }

  /** What the pass wrote of each block, once it is made. */
  public List<Inspection> after() {
    return Inspected.results(after, blocks);
  }

  /** The input's columns in their order, those replaced in their places, then new ones. */
  private static Column[] columns(
      Dataset<Row> rows, String[] inputs, List<FeatureBlock> blocks, List<String> normalised) {
    Map<String, Column> outputs = new LinkedHashMap<>();
    for (int i = 0; i < blocks.size(); i++) {
      blocks
          .get(i)
          .outputs(rows.col(normalised.get(i)))
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
