package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.models.GroupBy;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The SQL functions, under any name that a session gives to the catalog, {@code norm} as a rule:
 *
 * <pre>
 * spark.sql.catalog.norm = io.sparknorm.spark.functions.NormCatalog
 * spark.sql.catalog.norm.store = s3a://bucket/models
 * spark.sql.catalog.norm.faults.null-element = skip-value
 * </pre>
 *
 * <p>The plain functions of {@link NormFunctions} stand in the catalog itself. Every model of the
 * store is a namespace with two functions, {@code apply} and {@code moments}, by the newest
 * version; a namespace {@code v=3} within it pins a version, and so does an alias such as {@code
 * production}. The store is read when a query is analysed.
 *
 * <p>Policies for faults are those of a job, and {@code drop-record} gives null: a function cannot
 * drop a record.
 */
public final class NormCatalog implements FunctionCatalog {
  private static final String STORE = "store";
  private static final Pattern NUMBER = Pattern.compile("v=([1-9][0-9]{0,8})");

  private CatalogContext context;
  private Optional<String> storePath;

  @Override
  public void initialize(String name, CaseInsensitiveStringMap options) {
    String prefix = "spark.sql.catalog." + name + ".";
    Map<String, String> unread = new TreeMap<>(options.asCaseSensitiveMap());
    unread.keySet().removeIf(key -> key.equalsIgnoreCase(STORE));
    FaultPolicies policies = FaultPolicies.DEFAULT;
    for (Fault fault : Fault.values()) {
      String key = "faults." + fault.key();
      unread.keySet().removeIf(other -> other.equalsIgnoreCase(key));
      if (options.containsKey(key)) {
        policies = policies.with(fault, policy(prefix + key, options.get(key)));
      }
    }

    if (!unread.isEmpty()) {
      throw JobException.usage(
          "Unknown setting %s: the catalog has %sstore and %sfaults.{%s}"
              .formatted(
                  prefix + unread.keySet().iterator().next(),
                  prefix,
                  prefix,
                  Arrays.stream(Fault.values()).map(Fault::key).collect(Collectors.joining(", "))));
    }

    this.context = new CatalogContext(name, policies);
    this.storePath = Optional.ofNullable(options.get(STORE));
  }

  private static Policy policy(String key, String value) {
    for (Policy policy : Policy.values()) {
      if (policy.key().equals(value.toLowerCase(Locale.ROOT))) {
        return policy;
      }
    }

    throw JobException.usage(
        "Invalid %s: %s (must be one of %s)"
            .formatted(
                key,
                value,
                Arrays.stream(Policy.values()).map(Policy::key).collect(Collectors.joining(", "))));
  }

  @Override
  public String name() {
    return context.catalog();
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) throws NoSuchNamespaceException {
    Collection<String> names =
        namespace.length == 0
            ? NormFunctions.names()
            : findModel(namespace)
                .map(id -> NormFunctions.ofModels().stream().map(Signature::name).toList())
                .orElse(null);
    if (names == null) {
      throw new NoSuchNamespaceException(namespace);
    }

    List<Identifier> identifiers = new ArrayList<>();
    names.forEach(name -> identifiers.add(Identifier.of(namespace, name)));
    return identifiers.toArray(Identifier[]::new);
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
    String[] namespace = identifier.namespace();
    if (namespace.length == 0) {
      return NormFunctions.find(identifier.name(), context)
          .orElseThrow(() -> new NoSuchFunctionException(identifier));
    }

    boolean isApply = identifier.name().equalsIgnoreCase(NormFunctions.APPLY.name());
    if (!isApply && !identifier.name().equalsIgnoreCase(NormFunctions.MOMENTS.name())) {
      throw new NoSuchFunctionException(identifier);
    }

    ModelId id = findModel(namespace).orElseThrow(() -> new NoSuchFunctionException(identifier));
    try {
      if (isApply) {
        store().manifest(id).groups().ifPresent(groups -> refuse(id, groups.by()));
      }

      return isApply
          ? new ModelFunction(id, store().load(id), context)
          : new ModelMomentsFunction(id, state(id), context);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void refuse(ModelId id, GroupBy by) {
    throw JobException.usage(
        "Cannot apply model %s in SQL: it has statistics for each group of %s, by which only jobs"
                .formatted(id, String.join(", ", by.columns()))
            + " normalise (run sparknorm apply)");
  }

  private byte[] state(ModelId id) throws IOException {
    return store()
        .moments(id)
        .map(MomentsResult.STATE::of)
        .orElseThrow(
            () -> JobException.usage("Cannot read the moments of %s: it has none".formatted(id)));
  }

  /** The model that a namespace stands for, if it is one; a pinned version need not exist. */
  private Optional<ModelId> findModel(String[] namespace) {
    if (namespace.length > 2) {
      return Optional.empty();
    }

    try {
      Optional<ModelReference> reference = reference(namespace);
      return reference.isPresent() ? store().find(reference.get()) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<ModelReference> reference(String[] namespace) {
    if (namespace.length == 1) {
      return Optional.of(ModelReference.latest(namespace[0]));
    }

    Matcher number = NUMBER.matcher(namespace[1]);
    return ModelReference.of(namespace[0], number.matches() ? number.group(1) : namespace[1])
        .filter(found -> found.version().isPresent() == number.matches());
  }

  private ModelStore store() throws IOException {
    String path =
        storePath.orElseThrow(
            () ->
                JobException.usage(
                    "Cannot look up models: spark.sql.catalog.%s.store is not set"
                        .formatted(context.catalog())));
    return new ModelStore(path, SparkSession.active().sparkContext().hadoopConfiguration());
  }
}
