package io.sparknorm.spark.fit;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.InputAdapter;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecutionRDD;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * The records of a dataset for somebody who only looks at each, once. Where a scan gives columns
 * and nothing is selected but some of them, or arrays of them, these are the columns, batch by
 * batch: Spark's own rows are made by taking every array out of its column element by element,
 * which costs more than a fit.
 */
final class ScannedRecords {
  /**
   * Scans of more columns than this, 100 by default, give rows, for generated code to stay small.
   */
  private static final String MOST_COLUMNS = "spark.sql.codegen.maxFields";

  private ScannedRecords() {}

  static JavaRDD<Records> of(Dataset<Row> records) {
    QueryExecution query = records.queryExecution();
    RuntimeConfig conf = records.sparkSession().conf();
    int columns = columns(query.optimizedPlan());
    if (conf.contains(MOST_COLUMNS) || columns <= Integer.parseInt(conf.get(MOST_COLUMNS))) {
      return batches(query).orElseGet(() -> rows(query));
    }

    Optional<JavaRDD<Records>> batches;
    conf.set(MOST_COLUMNS, Integer.MAX_VALUE);
    try {
      batches = batches(query);
    } finally {
      conf.unset(MOST_COLUMNS);
    }

    return batches.orElseGet(() -> rows(planAgain(records)));
  }

  private static JavaRDD<Records> rows(QueryExecution query) {
    return query.toRdd().toJavaRDD().map(Records.Single::new);
  }

  /** At most so many are scanned: those that are read, and all of the partitions'. */
  private static int columns(LogicalPlan plan) {
    return asJava(plan.collectLeaves()).stream().mapToInt(leaf -> leaf.output().size()).sum();
  }

  private static QueryExecution planAgain(Dataset<Row> records) {
    return records.as("records").queryExecution();
  }

  private static Optional<JavaRDD<Records>> batches(QueryExecution query) {
    SparkPlan plan = query.executedPlan();
    SparkPlan top = plan instanceof WholeStageCodegenExec generated ? generated.child() : plan;
    SparkPlan rows = top instanceof ProjectExec project ? project.child() : top;
    if (!(rows instanceof ColumnarToRowExec toRows)) {
      return Optional.empty();
    }

    SparkPlan scan =
        toRows.child() instanceof InputAdapter adapter ? adapter.child() : toRows.child();
    List<Attribute> scanned = asJava(scan.output());
    List<?> selected =
        top instanceof ProjectExec project ? asJava(project.projectList()) : asJava(top.output());
    List<ViewedColumn> columns =
        selected.stream()
            .map(Expression.class::cast) // which Java cannot see of Spark's named ones
            .flatMap(expression -> ViewedColumn.find(expression, scanned).stream())
            .toList();
    if (columns.size() < selected.size()) {
      return Optional.empty();
    }

    JavaRDD<Records> batches =
        scan.executeColumnar().toJavaRDD().mapPartitions(found -> new Batches(found, columns));
    return Optional.of(withSettings(batches, query.sparkSession().sessionState().conf()));
  }

  /** Scans look for settings in tasks too. That RDD does so for any elements, not rows alone. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static JavaRDD<Records> withSettings(JavaRDD<Records> batches, SQLConf conf) {
    return (JavaRDD) new SQLExecutionRDD((RDD) batches.rdd(), conf).toJavaRDD();
  }

  static <T> List<T> asJava(Seq<T> items) {
    return JavaConverters.seqAsJavaListConverter(items).asJava();
  }

  /** The selected columns of each batch. */
  static final class Batches implements Iterator<Records> {
    private final Iterator<ColumnarBatch> batches;
    private final List<ViewedColumn> selected;
    private ColumnarBatch batch;

    Batches(Iterator<ColumnarBatch> batches, List<ViewedColumn> selected) {
      this.batches = batches;
      this.selected = selected;
    }

    @Override
    public boolean hasNext() {
      free(); // first, for the next batch may be made of the same vectors
      return batches.hasNext();
    }

    @Override
    public Records next() {
      free();
      batch = batches.next();
      ColumnVector[] columns =
          selected.stream().map(column -> column.of(batch)).toArray(ColumnVector[]::new);
      return new Records.Batch(new ColumnarBatch(columns, batch.numRows()));
    }

    /** As Spark does once it has made rows of a batch; its own batches are used again. */
    private void free() {
      if (batch != null) {
        batch.closeIfFreeable();
        batch = null;
      }
    }
  }
}
