package io.sparknorm.spark.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.ReplaceableFile;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.models.ModelId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What {@code run-status.json} says: how an attempt at a run ended. Options of data sources are not
 * in it.
 *
 * @param status what the process leaves with
 * @param reason in a line
 * @param progress how far the attempt came
 */
record RunStatus(JobSpec job, LeavingStatus status, String reason, Progress progress) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Writes it in place of the last attempt's. */
  void write(String location, Configuration hadoop) throws IOException {
    Path path = new Path(location);
    ReplaceableFile.write(path.getFileSystem(hadoop), path, JSON.writeValueAsBytes(toMap()));
  }

  private Map<String, Object> toMap() {
    Instant finished = Instant.now();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("status", status.number());
    map.put("word", status.word());
    map.put("reason", Locations.withoutSecrets(reason));
    map.put("command", job.command().name().toLowerCase(Locale.ROOT));
    map.put("application_id", progress.applicationId().orElse(null));
    map.put("run_id", progress.runId());
    map.put("run_identity", progress.runIdentity().orElse(null));
    map.put("configuration_sha256", Sha256.of(job.canonical()));
    map.put("product_version", ProductVersion.text());
    map.put("started", progress.started().toString());
    map.put("finished", finished.toString());
    map.put("seconds", seconds(finished));
    map.put("output", progress.output().map(Locations::withoutSecrets).orElse(null));
    progress.partitions().ifPresent(some -> map.put("partitions", partitions(some)));
    map.put("models", progress.models().stream().map(ModelId::toString).toList());
    map.put("blocks", progress.blocks().stream().map(RunStatus::block).toList());
    return map;
  }

  private Map<String, Object> seconds(Instant finished) {
    Map<String, Object> seconds = new LinkedHashMap<>();
    for (Progress.Stage stage : Progress.Stage.values()) {
      Duration taken = progress.taken().getOrDefault(stage, Duration.ZERO);
      seconds.put(stage.name().toLowerCase(Locale.ROOT), seconds(taken));
    }

    seconds.put("total", seconds(Duration.between(progress.started(), finished)));
    return seconds;
  }

  private static double seconds(Duration taken) {
    return taken.toMillis() / 1000.0;
  }

  private static Map<String, Object> partitions(Progress.Partitions partitions) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("scanned", partitions.scanned());
    map.put("reused", partitions.reused());
    return map;
  }

  private static Map<String, Object> block(Summary.Block block) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("columns", block.part().block().spec().columns());
    map.put("norm", block.part().norm().toMap().get("type"));
    map.put("channels", block.part().block().type().shape().channels());
    map.put("read", block.counts().records());
    map.put("dropped", block.counts().dropped());
    map.put("written", block.after().map(Inspection::records).orElse(null));
    map.put("faults", block.counts().faults());
    block
        .groups()
        .ifPresent(
            groups -> {
              map.put("groups", groups.count());
              map.put("unseen", block.before().map(Inspection::unseen).orElse(null));
            });
    return map;
  }
}
