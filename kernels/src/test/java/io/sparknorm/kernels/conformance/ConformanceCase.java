package io.sparknorm.kernels.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EpsilonPlacement;
import io.sparknorm.kernels.EvoNormB;
import io.sparknorm.kernels.EvoNormS;
import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.RmsNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.kernels.moments.RunningStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A case computed by public software: a norm, one or more batches fed to it one after the other,
 * and what has to come out. An op, attribute, input or output that is not known is an error.
 */
public final class ConformanceCase {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What a norm under test makes of one batch. */
  public record Outcome(double[] y, Optional<RunningStatistics> running) {}

  /** A way to run the product: its kernels, or a Spark session. */
  public interface Subject {
    /**
     * Normalises one batch.
     *
     * @param x the records, one after the other
     * @param running the running statistics before the batch, where the case has any
     */
    Outcome normalise(
        ConformanceCase conformanceCase, double[] x, Optional<RunningStatistics> running);

    /** Mean and variance of each channel over records of a shape. */
    ChannelStatistics statistics(double[] x, TensorShape shape);
  }

  /** What statistics of each channel a way to run the product gives. */
  public record ChannelStatistics(long[] count, double[] mean, double[] biasedVariance) {
    double[] unbiasedVariance() {
      double[] unbiased = new double[count.length];
      for (int c = 0; c < unbiased.length; c++) {
        unbiased[c] = biasedVariance[c] * count[c] / (count[c] - 1);
      }

      return unbiased;
    }
  }

  private final JsonNode root;
  private final Map<String, Golden> inputs;
  private final Map<String, Golden> outputs;
  private final Map<String, Golden> exact;
  private final Set<String> usedInputs = new HashSet<>();
  private final Norm norm;
  private final TensorShape shape;
  private final boolean train;
  private final Optional<Momentum> momentum;
  private final Variance runningVariance;

  private ConformanceCase(JsonNode root) {
    this.root = root;
    this.inputs = tensors(root.path("inputs"));
    this.outputs = tensors(root.path("outputs"));
    this.exact = tensors(root.path("exact"));
    Attributes attributes = new Attributes(root.get("attrs"));
    this.norm = parseNorm(attributes);
    this.shape = recordShape(attributes);
    this.train = parseTrain(attributes);
    this.momentum = parseMomentum(attributes);
    this.runningVariance = parseRunningVariance(attributes);
    attributes.checkAllRead();
  }

  public static ConformanceCase read(Path file) {
    try {
      return new ConformanceCase(JSON.readTree(file.toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The cases of the folder that {@code sparknorm.conformance.dir} names, else the project's own.
   */
  public static List<Path> files() {
    String other = System.getProperty("sparknorm.conformance.dir");
    if (other != null) {
      return jsonFiles(Path.of(other));
    }

    List<Path> files =
        new ArrayList<>(jsonFiles(projectRoot().resolve("kernels/src/test/resources/conformance")));
    Path onnx = projectRoot().resolve("../shared/conformance/onnx");
    if (Files.isDirectory(onnx)) {
      files.addAll(jsonFiles(onnx));
    }

    return files;
  }

  public String name() {
    return root.get("name").textValue();
  }

  public boolean mustBeRefused() {
    return root.has("expected_error");
  }

  public Norm norm() {
    return norm;
  }

  public TensorShape shape() {
    return shape;
  }

  /** Whether the batch's own statistics are used and the running ones moved. */
  public boolean train() {
    return train;
  }

  /** How running statistics move, where they do. */
  public Optional<Momentum> momentum() {
    return train ? momentum : Optional.empty();
  }

  public Variance runningVariance() {
    return runningVariance;
  }

  /** The batches in order, each flat. */
  public List<double[]> batches() {
    List<double[]> batches = new ArrayList<>();
    if (inputs.containsKey("x")) {
      batches.add(inputs.get("x").data());
    }

    for (int k = 1; inputs.containsKey("x_" + k); k++) {
      batches.add(inputs.get("x_" + k).data());
    }

    return batches;
  }

  /** The correctly rounded values of this name, where the case lists them. */
  public Optional<double[]> exact(String output) {
    return Optional.ofNullable(exact.get(output)).map(Golden::data);
  }

  public Set<String> exactNames() {
    return exact.keySet();
  }

  /**
   * Runs every batch and holds all that comes out against the case.
   *
   * @param single whether the subject's results are rounded to float32; they are then also held
   *     against the exact ones, where the case lists them
   */
  public void verify(Subject subject, boolean single) {
    List<double[]> batches = batches();
    Set<String> checked = new HashSet<>();
    Optional<RunningStatistics> running = initialStatistics();
    for (int k = 1; k <= batches.size(); k++) {
      Outcome outcome = subject.normalise(this, batches.get(k - 1), running);
      running = outcome.running();
      String y = inputs.containsKey("x") ? "y" : "y_" + k;
      check(y, outcome.y(), single, checked);
      if (single) {
        checkExact(y, outcome.y());
      }

      if (running.isPresent()) {
        RunningStatistics after = running.get();
        check("running_mean_after_" + k, after.mean().toArray(), false, checked);
        check("running_var_after_" + k, after.variance().toArray(), false, checked);
        double[] tracked = {after.batchesTracked()};
        check("num_batches_tracked_after_" + k, tracked, false, checked);
      }
    }

    if (outputs.containsKey("global_mean")) {
      checkGlobal(subject.statistics(concatenated(batches), shape), checked);
    }

    if (outputs.containsKey("mean")) {
      checkRows(subject, batches.get(0), checked);
    }

    Set<String> unchecked = new TreeSet<>(outputs.keySet());
    unchecked.removeAll(checked);
    if (!unchecked.isEmpty() || mustBeRefused()) {
      throw new AssertionError(
          mustBeRefused() ? "was not refused" : "outputs were not produced: " + unchecked);
    }
  }

  /** The statistics of all batches together. */
  private void checkGlobal(ChannelStatistics all, Set<String> checked) {
    check("global_mean", all.mean(), false, checked);
    check("global_var_biased", all.biasedVariance(), false, checked);
    check("global_var_unbiased", all.unbiasedVariance(), false, checked);
  }

  /** The statistics of each row of a layer norm: a channel of one record that has them all. */
  private void checkRows(Subject subject, double[] x, Set<String> checked) {
    int rows = outputs.get("mean").length();
    TensorShape slices = new TensorShape(List.of(rows, x.length / rows), Layout.CHANNELS_FIRST);
    ChannelStatistics statistics = subject.statistics(x, slices);
    double epsilon = ((LayerNorm) norm).denominator().epsilon();
    double[] inverses =
        Arrays.stream(statistics.biasedVariance())
            .map(variance -> 1 / Math.sqrt(variance + epsilon))
            .toArray();
    check("mean", statistics.mean(), false, checked);
    check("inv_std_dev", inverses, false, checked);
  }

  private static double[] concatenated(List<double[]> batches) {
    return batches.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  /** Holds one output against the case, if the case has it. */
  public void check(String output, double[] got, boolean single, Set<String> checked) {
    Golden want = outputs.get(output);
    if (want == null) {
      return;
    }

    checked.add(output);
    if (got.length != want.length()) {
      throw new AssertionError(
          "%s has %d elements, not %d".formatted(output, got.length, want.length()));
    }

    JsonNode tolerance = root.path("tolerance").path(output);
    double relative = tolerance.path("rtol").doubleValue();
    double absolute = tolerance.path("atol").doubleValue();
    for (int i = 0; i < want.data().length; i++) {
      double expected = want.data()[i];
      double actual = got[want.index()[i]];
      double allowed = absolute + relative * Math.abs(expected);
      if (single) {
        allowed += 0x1p-23 * Math.abs(expected) + 0x1p-149;
      }

      boolean same = Double.compare(actual, expected) == 0;
      if (!same && !(Math.abs(actual - expected) <= allowed)) {
        throw new AssertionError(
            "%s[%d] is %s, not %s (by %s, allowed %s)"
                .formatted(
                    output,
                    want.index()[i],
                    actual,
                    expected,
                    Math.abs(actual - expected),
                    allowed));
      }
    }
  }

  /**
   * Holds results against the exact ones, if the case has them: they are within one unit in the
   * last place of a float of the exact result's size or, where the bias cancels, of the larger
   * summand's.
   */
  private void checkExact(String output, double[] got) {
    Golden want = exact.get(output);
    if (want == null) {
      return;
    }

    for (int i = 0; i < want.data().length; i++) {
      int position = want.index()[i];
      double expected = want.data()[i];
      double bias = biasAt(position);
      double summand = Math.max(Math.abs(bias), Math.abs(expected - bias));
      double unit = Math.ulp((float) Math.max(Math.abs(expected), summand));
      if (!(Math.abs(got[position] - expected) <= unit)) {
        throw new AssertionError(
            "%s[%d] is %s, exactly %s (by %s ulps, allowed 1)"
                .formatted(
                    output,
                    position,
                    got[position],
                    expected,
                    Math.abs(got[position] - expected) / unit));
      }
    }
  }

  private double biasAt(int position) {
    Golden bias = inputs.get("bias");
    if (bias == null) {
      return 0;
    }

    TensorView record = shape.view(shape.fixedLength());
    boolean byPosition = norm instanceof LayerNorm;
    return bias.data()[byPosition ? position % bias.length() : record.channelOf(position)];
  }

  private Optional<RunningStatistics> initialStatistics() {
    if (!inputs.containsKey("running_var")) {
      return momentum().map(m -> RunningStatistics.initial(shape.channels()));
    }

    Coefficients variance = parameter("running_var");
    Coefficients mean =
        inputs.containsKey("running_mean")
            ? parameter("running_mean")
            : Coefficients.of(new double[variance.size()]);
    return Optional.of(new RunningStatistics(mean, variance, 0));
  }

  private Norm parseNorm(Attributes attributes) {
    String op = root.get("op").textValue();
    Norm parsed =
        switch (op) {
          case "batch_norm" ->
              new BatchNorm(denominator(attributes), affine(attributes), activation(attributes));
          case "layer_norm" ->
              new LayerNorm(
                  attributes.integers("normalized_shape"),
                  denominator(attributes),
                  affine(attributes),
                  activation(attributes));
          case "rms_norm" -> {
            attributes.expect("variance", "uncentred mean square");
            attributes.expect("eps_placement", "inside_sqrt");
            yield new RmsNorm(
                attributes.integers("normalized_shape"),
                attributes.number("eps"),
                parameter("weight"),
                activation(attributes));
          }
          case "instance_norm" ->
              new InstanceNorm(denominator(attributes), affine(attributes), activation(attributes));
          case "group_norm" ->
              new GroupNorm(
                  attributes.integer("num_groups"),
                  denominator(attributes),
                  affine(attributes),
                  activation(attributes));
          case "mean_variance_normalization" -> meanVarianceNorm(attributes);
          case "evonorm_s0",
              "evonorm_s0a",
              "evonorm_s1",
              "evonorm_s1a",
              "evonorm_s2",
              "evonorm_s2a" -> {
            EvoNormS.Variant variant = EvoNormS.Variant.valueOf(variantOf(op));
            attributes.expect(
                "variance", op.startsWith("evonorm_s2") ? "uncentred mean square" : "biased");
            attributes.expect("eps_placement", "inside_sqrt");
            yield new EvoNormS(
                variant,
                attributes.integer("num_groups"),
                attributes.number("eps"),
                affine(),
                parameter("v"),
                attributes.flag("apply_act"));
          }
          case "evonorm_b0", "evonorm_b1", "evonorm_b2" -> {
            attributes.expect("variance", "biased");
            attributes.expect("eps_placement", "inside_sqrt");
            yield new EvoNormB(
                EvoNormB.Variant.valueOf(variantOf(op)),
                attributes.number("eps"),
                affine(),
                parameter("v"),
                attributes.flag("apply_act"));
          }
          default -> throw new IllegalArgumentException("unknown op: " + op);
        };
    Set<String> unknown = new TreeSet<>(inputs.keySet());
    unknown.removeAll(usedInputs);
    unknown.removeIf(input -> input.matches("x(_\\d+)?|running_(mean|var)"));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("unknown inputs: " + unknown);
    }

    return parsed;
  }

  /** ONNX's operator, whose axes say which of three norms it is; the channels are the second. */
  private Norm meanVarianceNorm(Attributes attributes) {
    List<Integer> axes = attributes.integers("axes");
    int rank = inputs.get("x").shape().length;
    List<Integer> spatial = IntStream.range(2, rank).boxed().toList();
    List<Integer> perRecord = IntStream.range(1, rank).boxed().toList();
    if (axes.equals(spatial)) {
      return new InstanceNorm(denominator(attributes), Affine.NONE, Activation.NONE);
    }

    if (axes.equals(perRecord)) {
      List<Integer> whole = perRecord.stream().map(axis -> inputs.get("x").shape()[axis]).toList();
      return new LayerNorm(whole, denominator(attributes), Affine.NONE, Activation.NONE);
    }

    if (axes.equals(Stream.concat(Stream.of(0), spatial.stream()).toList())) {
      return new BatchNorm(denominator(attributes), Affine.NONE, Activation.NONE);
    }

    throw new IllegalArgumentException("unknown axes: " + axes);
  }

  private static String variantOf(String op) {
    return op.substring("evonorm_".length()).toUpperCase(Locale.ROOT);
  }

  private static Denominator denominator(Attributes attributes) {
    return new Denominator(
        Variance.valueOf(attributes.text("variance").toUpperCase(Locale.ROOT)),
        attributes.number("eps"),
        EpsilonPlacement.valueOf(attributes.text("eps_placement").toUpperCase(Locale.ROOT)));
  }

  private Affine affine() {
    return new Affine(parameter("weight"), parameter("bias"));
  }

  /** The affine map, with TF-Slim's switches held against the parameters that are there. */
  private Affine affine(Attributes attributes) {
    for (Map.Entry<String, String> entry : Map.of("center", "bias", "scale", "weight").entrySet()) {
      if (attributes.has(entry.getKey())
          && attributes.flag(entry.getKey()) != inputs.containsKey(entry.getValue())) {
        throw new IllegalArgumentException(
            "%s contradicts %s".formatted(entry.getKey(), entry.getValue()));
      }
    }

    return affine();
  }

  private static Activation activation(Attributes attributes) {
    return attributes.has("activation")
        ? Activation.valueOf(attributes.text("activation").toUpperCase(Locale.ROOT))
        : Activation.NONE;
  }

  private Coefficients parameter(String name) {
    usedInputs.add(name);
    return inputs.containsKey(name) ? Coefficients.of(inputs.get(name).data()) : Coefficients.NONE;
  }

  /** One record's shape: the batch axis left out, unless one set of statistics covers it too. */
  private TensorShape recordShape(Attributes attributes) {
    int[] batch = inputs.getOrDefault("x", inputs.get("x_1")).shape();
    List<Integer> dimensions = new ArrayList<>();
    for (int dimension : batch) {
      dimensions.add(dimension);
    }

    boolean wholeBatch =
        norm instanceof LayerNorm layerNorm && layerNorm.normalizedShape().equals(dimensions);
    if (!wholeBatch) {
      dimensions.remove(0);
    }

    boolean channelsLast =
        attributes.has("channel_axis") && attributes.integer("channel_axis") == batch.length - 1;
    if (attributes.has("channel_axis")
        && !channelsLast
        && attributes.integer("channel_axis") != 1) {
      throw new IllegalArgumentException("unknown channel_axis");
    }

    return new TensorShape(dimensions, channelsLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST);
  }

  private boolean parseTrain(Attributes attributes) {
    boolean tracked =
        !attributes.has("track_running_stats") || attributes.flag("track_running_stats");
    if (attributes.has("training")) {
      return attributes.flag("training") || !tracked;
    }

    return !attributes.has("use_input_stats") || attributes.flag("use_input_stats");
  }

  private static Optional<Momentum> parseMomentum(Attributes attributes) {
    boolean given = attributes.has("momentum");
    if (!attributes.has("momentum_convention")) {
      return Optional.empty();
    }

    String convention = attributes.text("momentum_convention").toUpperCase(Locale.ROOT);
    return Optional.of(
        new Momentum(
            given ? attributes.number("momentum") : 0, Momentum.Convention.valueOf(convention)));
  }

  private static Variance parseRunningVariance(Attributes attributes) {
    if (!attributes.has("running_variance")) {
      return Variance.BIASED;
    }

    return switch (attributes.text("running_variance")) {
      case "biased" -> Variance.BIASED;
      case "unbiased", "unbiased per instance, then averaged over N" -> Variance.UNBIASED;
      default ->
          throw new IllegalArgumentException(
              "unknown running_variance: " + attributes.text("running_variance"));
    };
  }

  private static Map<String, Golden> tensors(JsonNode node) {
    Map<String, Golden> tensors = new LinkedHashMap<>();
    node.fields()
        .forEachRemaining(entry -> tensors.put(entry.getKey(), Golden.parse(entry.getValue())));
    return tensors;
  }

  private static List<Path> jsonFiles(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> cases = files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      if (cases.isEmpty()) {
        throw new IllegalArgumentException("no cases in " + folder);
      }

      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Modules run their tests in their own folder, one below the root. */
  private static Path projectRoot() {
    return Path.of("").toAbsolutePath().getParent();
  }
}
