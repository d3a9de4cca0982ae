package io.sparknorm.spark.parquet;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.hadoop.api.WriteSupport.FinalizedWriteContext;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.catalyst.ProjectingInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import scala.collection.immutable.List;
import scala.collection.immutable.List$;

/**
 * The columns that are not tensors: Spark's write support hands each value to parquet-java's column
 * writers, as in Spark's own files.
 */
final class OrdinaryColumns {
  private final WriterSettings settings;
  private final ParquetWriteSupport support = new ParquetWriteSupport();
  private final MessageType message;
  private final ProjectingInternalRow values;
  private ColumnWriteStore columns;
  private RecordConsumer consumer;

  OrdinaryColumns(FileSchema schema, WriterSettings settings, Configuration conf) {
    this.settings = settings;
    Configuration ordinary = new Configuration(conf);
    ParquetWriteSupport.setSchema(schema.ordinary(), ordinary);
    this.message = support.init(ordinary).getSchema();
    List<Object> ordinals = List$.MODULE$.empty();
    for (int i = schema.ordinaryOrdinals().size() - 1; i >= 0; i--) {
      ordinals = ordinals.$colon$colon(schema.ordinaryOrdinals().get(i));
    }
    this.values = ProjectingInternalRow.apply(schema.ordinary(), ordinals);
  }

  void startRowGroup(PageWriteStore pages) {
    columns = settings.properties().newColumnWriteStore(message, pages);
    consumer =
        new ColumnIOFactory(settings.validating()).getColumnIO(message).getRecordWriter(columns);
    support.prepareForWrite(consumer);
  }

  void write(UnsafeRow row) {
    // A record of no column is more than parquet-java's record consumer can take.
    if (message.getFieldCount() > 0) {
      values.project(row);
      support.write(values);
    }
  }

  /** Bytes in memory: compressed pages and the pages that are being filled. */
  long bufferedSize() {
    return columns.getBufferedSize();
  }

  void finishRowGroup() {
    consumer.flush();
    columns.flush();
  }

  FinalizedWriteContext finish() {
    return support.finalizeWrite();
  }
}
