package io.sparknorm.spark.parquet;

import static org.apache.parquet.hadoop.ParquetOutputFormat.WRITER_VERSION;

import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetInputFormat;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Why a job's files cannot be written in bulk, so that Spark's own writer has to take over. */
final class Obstacle {
  /** Options under {@code parquet.} that are honoured here, or by parquet-java's shared classes. */
  private static final Set<String> HONOURED =
      Set.of(
          ParquetOutputFormat.BLOCK_SIZE,
          ParquetOutputFormat.COLUMN_INDEX_TRUNCATE_LENGTH,
          ParquetOutputFormat.COMPRESSION,
          ParquetOutputFormat.DICTIONARY_PAGE_SIZE,
          ParquetOutputFormat.ENABLE_DICTIONARY,
          ParquetOutputFormat.ENABLE_JOB_SUMMARY,
          ParquetOutputFormat.ESTIMATE_PAGE_SIZE_CHECK,
          ParquetOutputFormat.JOB_SUMMARY_LEVEL,
          ParquetOutputFormat.MAX_PADDING_BYTES,
          ParquetOutputFormat.MAX_ROW_COUNT_FOR_PAGE_SIZE_CHECK,
          ParquetOutputFormat.MIN_ROW_COUNT_FOR_PAGE_SIZE_CHECK,
          ParquetOutputFormat.PAGE_ROW_COUNT_LIMIT,
          ParquetOutputFormat.PAGE_SIZE,
          ParquetOutputFormat.PAGE_WRITE_CHECKSUM_ENABLED,
          ParquetOutputFormat.STATISTICS_TRUNCATE_LENGTH,
          ParquetOutputFormat.VALIDATION,
          ParquetOutputFormat.WRITE_SUPPORT_CLASS,
          ParquetOutputFormat.WRITER_VERSION);

  /** Prefixes of options for codecs, which take them themselves, and for readers. */
  private static final Set<String> PREFIXES =
      Set.of(
          "parquet.compression.codec.",
          "parquet.decrypt.",
          "parquet.filter.",
          "parquet.hadoop.vectored.io.",
          "parquet.private.read.",
          "parquet.read.",
          "parquet.strings.",
          ParquetInputFormat.PAGE_VERIFY_CHECKSUM_ENABLED,
          ParquetInputFormat.SPLIT_FILES,
          ParquetInputFormat.STRICT_TYPE_CHECKING,
          ParquetInputFormat.TASK_SIDE_METADATA);

  private Obstacle() {}

  /**
   * The first obstacle, as the end of a sentence; option values are left out.
   *
   * @param conf the configuration that Spark has prepared for the job
   */
  static Optional<String> find(StructType rows, Configuration conf, SparkSession session) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return Optional.of("this machine does not keep numbers in little-endian order");
    }
    if (conf.getBoolean("spark.sql.parquet.writeLegacyFormat", false)) {
      return Optional.of("spark.sql.parquet.writeLegacyFormat is on");
    }
    if (isShredded(session) && containsVariant(rows)) {
      return Optional.of("variant columns are to be shredded");
    }
    if (conf.get(WRITER_VERSION) != null
        && ParquetOutputFormat.getWriterVersion(conf) != WriterVersion.PARQUET_1_0) {
      return Optional.of("option %s asks for data pages of version 2".formatted(WRITER_VERSION));
    }
    return unknownOption(conf).map("option %s is not supported"::formatted);
  }

  private static Optional<String> unknownOption(Configuration conf) {
    return conf.getPropsWithPrefix("parquet.").keySet().stream()
        .map("parquet."::concat)
        .filter(key -> !HONOURED.contains(key))
        .filter(key -> PREFIXES.stream().noneMatch(key::startsWith))
        .sorted()
        .findFirst();
  }

  private static boolean isShredded(SparkSession session) {
    return session
            .conf()
            .getOption("spark.sql.variant.inferShreddingSchema")
            .exists(Boolean::parseBoolean)
        || !session.conf().get("spark.sql.variant.forceShreddingSchemaForTest", "").isEmpty();
  }

  /** Looks at type names, because Spark 3.5 has no class for variants. */
  private static boolean containsVariant(DataType type) {
    if (type instanceof StructType struct) {
      for (StructField field : struct.fields()) {
        if (containsVariant(field.dataType())) {
          return true;
        }
      }
      return false;
    }
    if (type instanceof ArrayType array) {
      return containsVariant(array.elementType());
    }
    if (type instanceof MapType map) {
      return containsVariant(map.keyType()) || containsVariant(map.valueType());
    }
    return type.typeName().equals("variant");
  }
}
