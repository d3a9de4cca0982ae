package io.sparknorm.spark.functions;

import io.sparknorm.spark.functions.Signature.Kind;
import io.sparknorm.spark.functions.Signature.Parameter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;

/**
 * The functions of a catalog, each defined here and nowhere else: what they are called, what they
 * take and give, and how they are made. Names are matched whatever their case.
 */
public final class NormFunctions {
  /** The default of every epsilon, as in PyTorch. */
  static final double EPSILON = 1e-5;

  /** The default number of groups, as in TF-Slim and in EvoNorm's authors' code. */
  static final int GROUPS = 32;

  /** The function of a model in the store. */
  static final Signature APPLY =
      Signature.ofTensor(
          "apply",
          "x normalised by the newest version of a model of the store, which is the namespace, or by"
              + " a given one: norm.<model>.`v=3`.apply(x), norm.<model>.<alias>.apply(x)",
          List.of(),
          0,
          "norm.user_embeddings.apply(array(1f, 2f))");

  /** The other function of a model in the store. */
  static final Signature MOMENTS =
      new Signature(
          "moments",
          "",
          "the state of a version's exact moments, as binary; versions are given as for apply",
          List.of(),
          0,
          "norm.user_embeddings.moments()");

  private static final Parameter NORMALIZED_SIZE =
      new Parameter(
          "normalized_size",
          Kind.INT,
          "how many neighbouring elements share one pair of statistics, the whole array by default");
  private static final Parameter CHANNELS =
      new Parameter("channels", Kind.INT, "the number of channels");
  private static final Parameter GROUPS_OF_CHANNELS =
      new Parameter(
          "groups", Kind.INT, "divides the number of channels, %d by default".formatted(GROUPS));
  private static final Parameter LAYOUT =
      new Parameter(
          "layout",
          Kind.STRING,
          "'channels-first' (the default; also 'NCHW') or 'channels-last' (also 'NHWC')");
  private static final Parameter EPSILON_IN_ROOT =
      new Parameter(
          "epsilon", Kind.DOUBLE, "added inside the root, %s by default".formatted(EPSILON));

  private static final Map<String, Definition> DEFINITIONS = new LinkedHashMap<>();

  static {
    blocks(
        BlockNormFunction.Kind.LAYER_NORM,
        "layer_norm",
        "each block of x minus its mean, divided by its deviation",
        "norm.layer_norm(array(1f, 2f, 3f, 4f), 2, 1e-5)");
    blocks(
        BlockNormFunction.Kind.RMS_NORM,
        "rms_norm",
        "each block of x divided by its root mean square",
        "norm.rms_norm(array(3d, 4d), 2, 0)");
    define(
        Signature.ofTensor(
            "instance_norm",
            "each channel of x minus its mean, divided by its deviation",
            List.of(CHANNELS, LAYOUT, EPSILON_IN_ROOT),
            1,
            "norm.instance_norm(array(1f, 10f, 3f, 30f), 2, 'channels-last', 1e-5)"),
        InstanceNormFunction::new);
    grouped(
        GroupedNormFunction.Kind.GROUP_NORM,
        "group_norm",
        "each group of channels of x minus its mean, divided by its deviation",
        "norm.group_norm(array(1f, 2f, 3f, 4f), 4, 2, 'channels-first', 1e-5)");
    grouped(
        GroupedNormFunction.Kind.EVONORM_S0,
        "evonorm_s0",
        "x * sigmoid(x) divided by the deviation of its group of channels",
        "norm.evonorm_s0(array(1f, 2f, 3f, 4f), 2, 1, 'channels-first', 1e-5)");
    moments();
  }

  private NormFunctions() {}

  private static void moments() {
    List<Parameter> channels =
        List.of(
            new Parameter("channels", Kind.INT, "the number of channels, every element by default"),
            LAYOUT);
    define(
        Signature.ofTensor(
            "channel_moments",
            "an aggregate: array<struct<count, mean, variance>>, exact, with the biased variance",
            channels,
            0,
            "norm.channel_moments(array(1f, 2f, 3f, 4f), 2, 'channels-last')"),
        ChannelMomentsFunction::ofStatistics);
    define(
        Signature.ofTensor(
            "fit_moments",
            "an aggregate: the state of exact moments, as binary, to save, merge and subtract",
            channels,
            0,
            "norm.fit_moments(array(1f, 2f, 3f, 4f), 2, 'channels-last')"),
        ChannelMomentsFunction::ofState);
    define(
        ofState(
            "merge_moments",
            "an aggregate: the state of all values that went into any of the states",
            List.of(),
            "norm.merge_moments(norm.user_embeddings.moments())"),
        MergeMomentsFunction::new);
    define(
        ofState(
            "subtract_moments",
            "the state of the values of the one state without those of another",
            List.of(new Parameter("less", Kind.BINARY, "the state to take away")),
            "norm.subtract_moments(norm.user_embeddings.moments(), norm.user_embeddings.moments())"),
        StateFunction.Subtract::new);
    define(
        ofState(
            "moments_of",
            "what channel_moments gives, of a state",
            List.of(),
            "norm.moments_of(norm.user_embeddings.moments())"),
        StateFunction.MomentsOf::new);
  }

  /** Makes a function for a catalog. */
  private interface Maker {
    UnboundFunction make(Signature signature, CatalogContext context);
  }

  private record Definition(Signature signature, Maker maker) {}

  private static Signature ofState(
      String name, String summary, List<Parameter> parameters, String example) {
    return new Signature(name, Signature.STATE, summary, parameters, parameters.size(), example);
  }

  private static void blocks(
      BlockNormFunction.Kind kind, String name, String summary, String example) {
    define(
        Signature.ofTensor(name, summary, List.of(NORMALIZED_SIZE, EPSILON_IN_ROOT), 0, example),
        (signature, context) -> new BlockNormFunction(kind, signature, context));
  }

  private static void grouped(
      GroupedNormFunction.Kind kind, String name, String summary, String example) {
    List<Parameter> parameters = List.of(CHANNELS, GROUPS_OF_CHANNELS, LAYOUT, EPSILON_IN_ROOT);
    define(
        Signature.ofTensor(name, summary, parameters, 1, example),
        (signature, context) -> new GroupedNormFunction(kind, signature, context));
  }

  private static void define(Signature signature, Maker maker) {
    DEFINITIONS.put(signature.name(), new Definition(signature, maker));
  }

  /** The names of the plain functions. */
  static Collection<String> names() {
    return DEFINITIONS.keySet();
  }

  /** The plain function of a name. */
  static Optional<UnboundFunction> find(String name, CatalogContext context) {
    return Optional.ofNullable(DEFINITIONS.get(name.toLowerCase(Locale.ROOT)))
        .map(definition -> definition.maker().make(definition.signature(), context));
  }

  /** The functions of every model of the store. */
  static List<Signature> ofModels() {
    return List.of(APPLY, MOMENTS);
  }

  /** All signatures, those of models last. */
  static List<Signature> signatures() {
    List<Signature> signatures = new ArrayList<>();
    DEFINITIONS.values().forEach(definition -> signatures.add(definition.signature()));
    signatures.addAll(ofModels());
    return signatures;
  }

  /** Every function with its arguments and an example, as text for a terminal. */
  public static String describe() {
    StringBuilder text = new StringBuilder();
    for (Signature signature : signatures()) {
      String prefix = ofModels().contains(signature) ? "norm.<model>." : "norm.";
      text.append(prefix).append(signature.usage()).append('\n');
      text.append("    ").append(signature.summary()).append('\n');
      for (Parameter parameter : signature.parameters()) {
        text.append("      %-16s%s\n".formatted(parameter.name(), parameter.meaning()));
      }

      text.append("    SELECT ").append(signature.example()).append("\n\n");
    }

    return text.append(
            "x is an array of numbers, flat or nested; float arrays and integers give float, double"
                + " gives double.\n"
                + "state is what fit_moments and merge_moments give, or the content of a version's"
                + " moments file.\n"
                + "Null gives null.\n")
        .toString();
  }
}
