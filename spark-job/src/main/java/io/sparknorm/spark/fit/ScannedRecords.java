package io.sparknorm.spark.fit;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.catalyst.InternalRow;
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
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * The records of a dataset for somebody who only looks at each, once. Where a scan gives columns
 * and nothing is selected but some of them, or arrays of them, these are rows that view the
 * columns: Spark's own are made by taking every array out of its column element by element, which
 * costs more than a fit.
 */
final class ScannedRecords {
  /**
   * Scans of more columns than this, 100 by default, give rows, for generated code to stay small.
   */
  private static final String MOST_COLUMNS = "spark.sql.codegen.maxFields";

  private ScannedRecords() {}

  static JavaRDD<InternalRow> of(Dataset<Row> records) {
    QueryExecution query = records.queryExecution();
    RuntimeConfig conf = records.sparkSession().conf();
    int columns = columns(query.optimizedPlan());
    if (conf.contains(MOST_COLUMNS) || columns <= Integer.parseInt(conf.get(MOST_COLUMNS))) {
      return views(query).orElseGet(() -> query.toRdd().toJavaRDD());
    }

    Optional<JavaRDD<InternalRow>> views;
    conf.set(MOST_COLUMNS, Integer.MAX_VALUE);
    try {
      views = views(query);
    } finally {
      conf.unset(MOST_COLUMNS);
    }

    return views.orElseGet(() -> planAgain(records).toRdd().toJavaRDD());
  }

  /** At most so many are scanned: those that are read, and all of the partitions'. */
  private static int columns(LogicalPlan plan) {
    return asJava(plan.collectLeaves()).stream().mapToInt(leaf -> leaf.output().size()).sum();
  }

  private static QueryExecution planAgain(Dataset<Row> records) {
    return records.as("records").queryExecution();
  }

  private static Optional<JavaRDD<InternalRow>> views(QueryExecution query) {
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

    JavaRDD<InternalRow> views =
        scan.executeColumnar().toJavaRDD().mapPartitions(batches -> new Views(batches, columns));
    return Optional.of(
        new SQLExecutionRDD(views.rdd(), query.sparkSession().sessionState().conf()).toJavaRDD());
  }

  private static <T> List<T> asJava(Seq<T> items) {
    return JavaConverters.seqAsJavaListConverter(items).asJava();
  }

  /** The same row object for all records of a batch. */
  static final class Views implements Iterator<InternalRow> {
    private final Iterator<ColumnarBatch> batches;
    private final List<ViewedColumn> selected;
    private Iterator<InternalRow> rows = Collections.emptyIterator();
    private ColumnarBatch batch;

    Views(Iterator<ColumnarBatch> batches, List<ViewedColumn> selected) {
      this.batches = batches;
      this.selected = selected;
    }

    @Override
    public boolean hasNext() {
      while (!rows.hasNext()) {
        free(); // first, for the next batch may be made of the same vectors
        if (!batches.hasNext()) {
          return false;
        }

        batch = batches.next();
        rows = view().rowIterator();
      }

      return true;
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }

      return rows.next();
    }

    /** As Spark does once it has made rows of a batch; its own batches are used again. */
    private void free() {
      if (batch != null) {
        batch.closeIfFreeable();
        batch = null;
      }
    }

    private ColumnarBatch view() {
      ColumnVector[] columns =
          selected.stream().map(column -> column.of(batch)).toArray(ColumnVector[]::new);
      return new ColumnarBatch(columns, batch.numRows());
    }
  }
}
