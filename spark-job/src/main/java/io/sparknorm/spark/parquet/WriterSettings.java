package io.sparknorm.spark.parquet;

import static org.apache.parquet.hadoop.ParquetOutputFormat.COLUMN_INDEX_TRUNCATE_LENGTH;
import static org.apache.parquet.hadoop.ParquetOutputFormat.MAX_PADDING_BYTES;
import static org.apache.parquet.hadoop.ParquetOutputFormat.PAGE_ROW_COUNT_LIMIT;
import static org.apache.parquet.hadoop.ParquetOutputFormat.STATISTICS_TRUNCATE_LENGTH;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.ParquetWriter;

/**
 * How a file is laid out, from parquet-java's own options.
 *
 * @param properties what parquet-java's column writers take
 * @param rowGroupSize bytes after which a row group ends
 * @param maxPadding bytes that may be left empty to align a row group with a block of the file
 * @param pageSize bytes, or values, after which a page of a column written in bulk ends;
 *     parquet-java as well ends a page at nine tenths of what is asked for
 * @param pageRows records after which a page ends
 * @param validating whether parquet-java checks the records against the schema
 * @param byteStreamSplit whether values outside a dictionary are written as byte streams
 */
record WriterSettings(
    ParquetProperties properties,
    long rowGroupSize,
    int maxPadding,
    int pageSize,
    int pageRows,
    boolean validating,
    boolean byteStreamSplit) {

  static WriterSettings from(Configuration conf, boolean byteStreamSplit) {
    int pageRows =
        conf.getInt(PAGE_ROW_COUNT_LIMIT, ParquetProperties.DEFAULT_PAGE_ROW_COUNT_LIMIT);
    ParquetProperties properties =
        ParquetProperties.builder()
            .withPageSize(ParquetOutputFormat.getPageSize(conf))
            .withDictionaryPageSize(ParquetOutputFormat.getDictionaryPageSize(conf))
            .withDictionaryEncoding(ParquetOutputFormat.getEnableDictionary(conf))
            .withMinRowCountForPageSizeCheck(
                ParquetOutputFormat.getMinRowCountForPageSizeCheck(conf))
            .withMaxRowCountForPageSizeCheck(
                ParquetOutputFormat.getMaxRowCountForPageSizeCheck(conf))
            .estimateRowCountForPageSizeCheck(ParquetOutputFormat.getEstimatePageSizeCheck(conf))
            .withColumnIndexTruncateLength(
                conf.getInt(
                    COLUMN_INDEX_TRUNCATE_LENGTH,
                    ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH))
            .withStatisticsTruncateLength(
                conf.getInt(
                    STATISTICS_TRUNCATE_LENGTH,
                    ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH))
            .withPageRowCountLimit(pageRows)
            .withPageWriteChecksumEnabled(ParquetOutputFormat.getPageWriteChecksumEnabled(conf))
            .build();
    return new WriterSettings(
        properties,
        ParquetOutputFormat.getLongBlockSize(conf),
        conf.getInt(MAX_PADDING_BYTES, ParquetWriter.MAX_PADDING_SIZE_DEFAULT),
        properties.getPageSizeThreshold() - properties.getPageSizeThreshold() / 10,
        pageRows,
        ParquetOutputFormat.getValidation(conf),
        byteStreamSplit);
  }
}
