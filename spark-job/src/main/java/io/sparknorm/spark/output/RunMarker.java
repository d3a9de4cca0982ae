package io.sparknorm.spark.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparknorm.spark.ReplaceableFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The file beside published data that says which run has published it; hidden from readers as every
 * name with an underscore is.
 */
final class RunMarker {
  static final String NAME = "_sparknorm.json";
  static final String SUCCESS = "_SUCCESS";

  private static final String IDENTITY = "run_identity";
  private static final ObjectMapper JSON = new ObjectMapper();

  private RunMarker() {}

  /** Marks a folder as the result of a run, in place of another that it may have been of. */
  static void write(FileSystem fileSystem, Path folder, String runIdentity) throws IOException {
    ReplaceableFile.write(fileSystem, new Path(folder, NAME), content(runIdentity, Map.of()));
  }

  /** What a file of a run says, with more fields. */
  static byte[] content(String runIdentity, Map<String, ?> more) throws JsonProcessingException {
    Map<String, Object> fields = new TreeMap<>(more);
    fields.put(IDENTITY, runIdentity);
    return JSON.writeValueAsBytes(fields);
  }

  /** Makes {@code _SUCCESS}, where Spark has not. */
  static void writeSuccess(FileSystem fileSystem, Path folder) throws IOException {
    Path success = new Path(folder, SUCCESS);
    if (!fileSystem.exists(success)) {
      fileSystem.create(success, true).close();
    }
  }

  /** The identity of the run whose result the folder is; empty if it is none's. */
  static Optional<String> read(FileSystem fileSystem, Path folder) throws IOException {
    return identity(readFields(fileSystem, new Path(folder, NAME)));
  }

  /** The identity of the run that a file with fields is of. */
  static Optional<String> identity(JsonNode fields) {
    return Optional.ofNullable(fields.path(IDENTITY).textValue());
  }

  /** The fields of a file of a run; none if there is no such file, or it is damaged. */
  static JsonNode readFields(FileSystem fileSystem, Path file) throws IOException {
    try (InputStream in = fileSystem.open(file)) {
      return JSON.readTree(in);
    } catch (FileNotFoundException | JsonProcessingException e) {
      return JSON.missingNode();
    }
  }
}
