package io.sparknorm.spark.models;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigValueFactory;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import io.sparknorm.spark.models.InputIdentity.InputVersion;
import io.sparknorm.spark.models.Manifest.Groups;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * {@code manifest.json}: a {@link Manifest} as a JSON object. Its format version is 1, and 2 where
 * there are groups: who does not know of them must not take the model for one without.
 */
final class ManifestFile {
  static final int FORMAT_VERSION = 1;
  static final int GROUPED_FORMAT_VERSION = 2;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(StatisticsFile.JSON)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private ManifestFile() {}

  /** The run comes early, so that {@link #readRunIdentity} need not read on. */
  static void write(Manifest manifest, OutputStream out) throws IOException {
    Provenance provenance = manifest.provenance();
    RecordType type = manifest.type();
    ObjectNode json = MAPPER.createObjectNode();
    json.put(
        "format_version", manifest.groups().isPresent() ? GROUPED_FORMAT_VERSION : FORMAT_VERSION);
    json.put("model", manifest.id().name());
    json.put("version", manifest.id().version());
    json.put("parent", manifest.parent().isPresent() ? manifest.parent().getAsInt() : null);
    json.putObject("run").put("id", provenance.runId()).put("identity", provenance.runIdentity());
    json.put("created", provenance.created().toString());
    json.put("product_version", provenance.productVersion());
    json.put("element_type", type.elementType().toString());
    json.set("shape", MAPPER.valueToTree(type.shape().dimensions()));
    json.put("layout", text(type.shape().layout()));
    json.set("channel_names", MAPPER.valueToTree(type.channelNames()));
    json.set("norm", MAPPER.valueToTree(manifest.spec().toMap()));
    json.putObject("counts")
        .put("records", provenance.counts().records())
        .put("dropped", provenance.counts().dropped())
        .set("faults", MAPPER.valueToTree(provenance.counts().faults()));
    manifest.groups().ifPresent(groups -> write(json.putObject("groups"), groups));
    ObjectNode payload = json.putObject("payload");
    manifest.stats().ifPresent(file -> write(payload.putObject("stats"), file));
    manifest.moments().ifPresent(file -> write(payload.putObject("moments"), file));
    manifest.partitions().ifPresent(file -> write(payload.putObject("partitions"), file));
    manifest
        .groups()
        .ifPresent(
            groups -> {
              write(payload.putObject("group_stats"), groups.stats());
              write(payload.putObject("group_moments"), groups.moments());
            });
    write(json.putObject("input"), provenance.input());
    MAPPER.writerWithDefaultPrettyPrinter().writeValue(out, json);
    out.write('\n');
  }

  private static void write(ObjectNode json, Groups groups) {
    json.set("columns", MAPPER.valueToTree(groups.by().columns()));
    json.set("types", MAPPER.valueToTree(groups.by().types()));
    json.put("count", groups.count());
  }

  private static void write(ObjectNode json, Payload payload) {
    json.put("file", payload.file());
    json.put("length", payload.digest().length());
    json.put("sha256", payload.digest().sha256());
  }

  private static void write(ObjectNode json, InputIdentity input) {
    json.put("kind", text(input.kind()));
    json.put("location", input.location());
    json.put("digest", input.digest());
    ArrayNode files = json.putArray("files");
    for (InputFile file : input.files()) {
      ObjectNode added =
          files
              .addObject()
              .put("path", file.path())
              .put("length", file.length())
              .put("modified", file.modified());
      file.etag().ifPresent(etag -> added.put("etag", etag));
    }

    if (!input.versions().isEmpty()) {
      ArrayNode versions = json.putArray("versions");
      for (InputVersion version : input.versions()) {
        versions
            .addObject()
            .put("part", text(version.part()))
            .put("model", version.id().name())
            .put("version", version.id().version())
            .put("moments_sha256", version.sha256());
      }
    }
  }

  /** The run's identity alone, without reading the list of input files. */
  static String readRunIdentity(InputStream in) throws IOException {
    try (JsonParser json = StatisticsFile.JSON.createParser(in)) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME && json.currentName().equals("identity")) {
          String identity = json.nextTextValue();
          if (identity != null) {
            return identity;
          }
        }
      }
    }

    throw new IllegalArgumentException("the field identity is missing");
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException if the JSON is anything else, or of another format version
   */
  static Manifest read(InputStream in) throws IOException {
    Fields json = new Fields(MAPPER.readTree(in));
    int found = json.integer("format_version");
    if (found != FORMAT_VERSION && found != GROUPED_FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "its format version is %d (expected %d or %d)"
              .formatted(found, FORMAT_VERSION, GROUPED_FORMAT_VERSION));
    }

    try {
      return read(json);
    } catch (JobException | DateTimeException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Manifest read(Fields json) {
    TensorShape shape =
        new TensorShape(json.integers("shape"), json.constant("layout", Layout.class));
    Map<String, Object> norm =
        MAPPER.convertValue(
            json.object("norm").json(), new TypeReference<Map<String, Object>>() {});
    JsonNode parent = json.get("parent");
    return new Manifest(
        new ModelId(json.text("model"), json.integer("version")),
        parent.isNull() ? OptionalInt.empty() : OptionalInt.of(json.integer("parent")),
        NormSpec.parse(ConfigValueFactory.fromMap(norm).toConfig(), shape),
        new RecordType(
            shape, json.constant("element_type", ElementType.class), json.texts("channel_names")),
        readProvenance(json),
        readPayload(json.object("payload"), "stats"),
        readPayload(json.object("payload"), "moments"),
        readPayload(json.object("payload"), "partitions"),
        readGroups(json));
  }

  private static Optional<Groups> readGroups(Fields json) {
    if (json.integer("format_version") == FORMAT_VERSION) {
      return Optional.empty();
    }

    Fields groups = json.object("groups");
    Fields payload = json.object("payload");
    return Optional.of(
        new Groups(
            new GroupBy(groups.texts("columns"), groups.texts("types")),
            groups.integer("count"),
            readPayload(payload.object("group_stats")),
            readPayload(payload.object("group_moments"))));
  }

  private static Provenance readProvenance(Fields json) {
    Fields run = json.object("run");
    Fields counts = json.object("counts");
    Fields faults = counts.object("faults");
    Map<String, Long> faultCounts = new TreeMap<>();
    faults.json().fieldNames().forEachRemaining(k -> faultCounts.put(k, faults.number(k)));
    return new Provenance(
        run.text("id"),
        run.text("identity"),
        Instant.parse(json.text("created")),
        json.text("product_version"),
        readInput(json.object("input")),
        new RecordCounts(counts.number("records"), counts.number("dropped"), faultCounts));
  }

  private static InputIdentity readInput(Fields json) {
    List<InputFile> files = new ArrayList<>();
    for (JsonNode node : json.array("files")) {
      Fields file = new Fields(node);
      files.add(
          new InputFile(
              file.text("path"),
              file.number("length"),
              file.number("modified"),
              file.has("etag") ? Optional.of(file.text("etag")) : Optional.empty()));
    }

    List<InputVersion> versions = new ArrayList<>();
    for (JsonNode node : json.has("versions") ? json.array("versions") : MAPPER.createArrayNode()) {
      Fields version = new Fields(node);
      versions.add(
          new InputVersion(
              version.constant("part", InputIdentity.Part.class),
              new ModelId(version.text("model"), version.integer("version")),
              version.text("moments_sha256")));
    }

    return new InputIdentity(
        json.constant("kind", InputIdentity.Kind.class),
        json.text("location"),
        files,
        versions,
        json.text("digest"));
  }

  private static Optional<Payload> readPayload(Fields payloads, String name) {
    if (!payloads.has(name)) {
      return Optional.empty();
    }

    return Optional.of(readPayload(payloads.object(name)));
  }

  private static Payload readPayload(Fields json) {
    return new Payload(
        json.text("file"), new FileDigest(json.number("length"), json.text("sha256")));
  }

  private static String text(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Typed access that names what is missing or of the wrong type. */
  private record Fields(JsonNode json) {
    boolean has(String name) {
      return json.has(name);
    }

    JsonNode get(String name) {
      JsonNode value = json.get(name);
      if (value == null) {
        throw new IllegalArgumentException("the field " + name + " is missing");
      }

      return value;
    }

    Fields object(String name) {
      return new Fields(require(name, get(name).isObject(), "an object"));
    }

    String text(String name) {
      return require(name, get(name).isTextual(), "a text").textValue();
    }

    int integer(String name) {
      return require(name, get(name).isInt(), "an integer").intValue();
    }

    long number(String name) {
      return require(name, get(name).isIntegralNumber() && get(name).canConvertToLong(), "a number")
          .longValue();
    }

    <E extends Enum<E>> E constant(String name, Class<E> type) {
      String value = text(name);
      for (E constant : type.getEnumConstants()) {
        if (ManifestFile.text(constant).equals(value)) {
          return constant;
        }
      }

      throw invalid(name, "one of " + Arrays.toString(type.getEnumConstants()));
    }

    List<Integer> integers(String name) {
      List<Integer> values = new ArrayList<>();
      for (JsonNode value : array(name)) {
        if (!value.isInt()) {
          throw invalid(name, "integers");
        }

        values.add(value.intValue());
      }

      return values;
    }

    List<String> texts(String name) {
      List<String> values = new ArrayList<>();
      for (JsonNode value : array(name)) {
        if (!value.isTextual()) {
          throw invalid(name, "texts");
        }

        values.add(value.textValue());
      }

      return values;
    }

    JsonNode array(String name) {
      return require(name, get(name).isArray(), "an array");
    }

    private JsonNode require(String name, boolean condition, String what) {
      if (!condition) {
        throw invalid(name, what);
      }

      return get(name);
    }

    private IllegalArgumentException invalid(String name, String expected) {
      return new IllegalArgumentException(
          "the field %s is %s (expected %s)".formatted(name, get(name), expected));
    }
  }
}
