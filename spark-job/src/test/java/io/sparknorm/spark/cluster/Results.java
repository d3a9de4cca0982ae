package io.sparknorm.spark.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a job published, as digests: two jobs with equal results have equal digests.
 *
 * @param statistics of the bytes of the model's statistics
 * @param moments of the bytes of its exact moments
 * @param records of the output's records, in whatever order they stand
 */
record Results(String statistics, String moments, String records) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The results beneath a folder: the output in {@code out}, version 1 of model m of the store. */
  static Results in(String folder, SparkSession spark) throws IOException {
    Path version = new Path(folder, "store/m/v=1");
    FileSystem files = version.getFileSystem(spark.sparkContext().hadoopConfiguration());
    JsonNode manifest;
    try (InputStream in = files.open(new Path(version, "manifest.json"))) {
      manifest = JSON.readTree(in);
    }

    return new Results(
        payload(files, version, manifest, "stats"),
        payload(files, version, manifest, "moments"),
        records(spark.read().parquet(folder + "/out")));
  }

  private static String payload(FileSystem files, Path version, JsonNode manifest, String kind)
      throws IOException {
    String name = manifest.at("/payload/" + kind + "/file").textValue();
    return FileDigest.of(files, new Path(version, name)).sha256();
  }

  /** A digest of records that no order of theirs changes. */
  static String records(Dataset<Row> rows) {
    List<String> records = rows.toJSON().collectAsList().stream().sorted().toList();
    return records.size() + " records " + Sha256.of(String.join("\n", records));
  }
}
