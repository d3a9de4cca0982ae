package io.sparknorm.spark.fit;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.ExprId;
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

/**
 * The records of a dataset for somebody who only looks at each, once. Where a scan gives columns
 * and some of them are all that is selected, these are rows that view the columns: Spark's own are
 * made by taking every array out of its column element by element, which costs more than a fit.
 */
final class ScannedRecords {
  private ScannedRecords() {}

  static JavaRDD<InternalRow> of(Dataset<Row> records) {
    QueryExecution query = records.queryExecution();
    SparkPlan plan = query.executedPlan();
    SparkPlan top = plan instanceof WholeStageCodegenExec generated ? generated.child() : plan;
    SparkPlan rows =
        top instanceof ProjectExec project && isChoice(project) ? project.child() : top;
    if (!(rows instanceof ColumnarToRowExec toRows)) {
      return query.toRdd().toJavaRDD();
    }

    SparkPlan scan =
        toRows.child() instanceof InputAdapter adapter ? adapter.child() : toRows.child();
    List<ExprId> columns = attributes(scan).stream().map(Attribute::exprId).toList();
    int[] chosen =
        attributes(top).stream().map(Attribute::exprId).mapToInt(columns::indexOf).toArray();
    JavaRDD<InternalRow> views =
        scan.executeColumnar().toJavaRDD().mapPartitions(batches -> new Views(batches, chosen));
    return new SQLExecutionRDD(views.rdd(), query.sparkSession().sessionState().conf()).toJavaRDD();
  }

  private static boolean isChoice(ProjectExec project) {
    return JavaConverters.seqAsJavaListConverter(project.projectList()).asJava().stream()
        .allMatch(AttributeReference.class::isInstance);
  }

  private static List<Attribute> attributes(SparkPlan plan) {
    return JavaConverters.seqAsJavaListConverter(plan.output()).asJava();
  }

  /** The same row object for all records of a batch. */
  private static final class Views implements Iterator<InternalRow> {
    private final Iterator<ColumnarBatch> batches;
    private final int[] chosen;
    private Iterator<InternalRow> rows = Collections.emptyIterator();
    private ColumnarBatch batch;

    Views(Iterator<ColumnarBatch> batches, int[] chosen) {
      this.batches = batches;
      this.chosen = chosen;
    }

    @Override
    public boolean hasNext() {
      while (!rows.hasNext() && batches.hasNext()) {
        free();
        batch = batches.next();
        rows = view().rowIterator();
      }

      if (!rows.hasNext()) {
        free();
      }

      return rows.hasNext();
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
      ColumnVector[] columns = new ColumnVector[chosen.length];
      for (int i = 0; i < columns.length; i++) {
        columns[i] = batch.column(chosen[i]);
      }

      return new ColumnarBatch(columns, batch.numRows());
    }
  }
}
