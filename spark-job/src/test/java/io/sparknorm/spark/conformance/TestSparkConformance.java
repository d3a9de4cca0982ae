package io.sparknorm.spark.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EvoNormS;
import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.conformance.ConformanceCase;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.fit.AppliedNorm;
import io.sparknorm.spark.fit.Applier;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Fitter;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.NormCatalog;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.Model;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Provenance;
import io.sparknorm.spark.models.RecordCounts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case on a Spark session, in columns of both precisions at once: through the plain function
 * where one says it all, norms that map record by record through a model in a store, and norms of
 * the whole dataset through the fit and the pass that a job makes.
 */
class TestSparkConformance extends SparkTest {
  private static final String CATALOG = "conformance";
  private static final List<String> COLUMNS = List.of("single", "twice");

  /** One for all cases: a session keeps a catalog, and its store, once it has used it. */
  @TempDir static Path folder;

  static List<Path> files() {
    return ConformanceCase.files();
  }

  @BeforeEach
  void publishFunctions() {
    spark().conf().set("spark.sql.catalog." + CATALOG, NormCatalog.class.getName());
    spark().conf().set("spark.sql.catalog." + CATALOG + ".store", folder.toString());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void normalises(Path file) {
    ConformanceCase conformanceCase = ConformanceCase.read(file);
    Runner runner = new Runner();
    if (conformanceCase.mustBeRefused()) {
      Throwable refusal = catchThrowable(() -> conformanceCase.verify(runner, true));
      assertThat(refusal).isNotNull();
      // A plain function refuses in a task, whose failure Spark reports.
      assertThat(rootCause(refusal))
          .isInstanceOf(RuntimeException.class)
          .hasMessageMatching("(?s)(Cannot|Invalid) .*");
      return;
    }

    conformanceCase.verify(runner, false);
    conformanceCase.verify(new Replay(runner.single), true);
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }

    return cause;
  }

  /** Normalises batches; gives what the column of doubles became and keeps that of floats. */
  private final class Runner implements ConformanceCase.Subject {
    private final List<ConformanceCase.Outcome> single = new ArrayList<>();

    @Override
    public ConformanceCase.Outcome normalise(
        ConformanceCase c, double[] x, Optional<RunningStatistics> running) {
      NormSpec spec =
          new NormSpec(
              c.norm(), c.momentum().map(m -> new NormSpec.Tracking(m, c.runningVariance())));
      Dataset<Row> rows = rows(x, c.shape().fixedLength());
      List<FeatureBlock> blocks =
          COLUMNS.stream().map(column -> block(column, c, spec, rows)).toList();
      List<Model> models = new ArrayList<>();
      Dataset<Row> normalised;
      if (!spec.needsStatistics() && c.train()) {
        Optional<String> plain = plainCall(c.norm(), c.shape());
        normalised =
            plain.isPresent()
                ? plainFunction(rows, CATALOG + "." + plain.get())
                : modelFunction(rows, c, blocks);
      } else {
        models.addAll(c.train() ? fit(rows, blocks, running) : evaluation(blocks, running));
        Mode mode = c.train() ? Mode.TRAIN : Mode.EVAL;
        List<AppliedNorm.Plain> norms =
            models.stream().map(m -> new AppliedNorm.Plain(m.normalizer(mode))).toList();
        normalised = new Applier(rows, blocks, norms, FaultPolicies.DEFAULT).rows();
      }

      boolean moved = c.momentum().isPresent();
      List<double[]> results = collect(normalised, x.length);
      single.add(
          new ConformanceCase.Outcome(results.get(0), moved ? models.get(0).running() : running));
      return new ConformanceCase.Outcome(results.get(1), moved ? models.get(1).running() : running);
    }

    @Override
    public ConformanceCase.ChannelStatistics statistics(double[] x, TensorShape shape) {
      return TestSparkConformance.this.statistics("twice", x, shape);
    }
  }

  /** What the passes of a runner gave in single precision. */
  private final class Replay implements ConformanceCase.Subject {
    private final Iterator<ConformanceCase.Outcome> outcomes;

    Replay(List<ConformanceCase.Outcome> outcomes) {
      this.outcomes = outcomes.iterator();
    }

    @Override
    public ConformanceCase.Outcome normalise(
        ConformanceCase c, double[] x, Optional<RunningStatistics> running) {
      return outcomes.next();
    }

    @Override
    public ConformanceCase.ChannelStatistics statistics(double[] x, TensorShape shape) {
      return TestSparkConformance.this.statistics("single", x, shape);
    }
  }

  /** The aggregate function's answer. */
  private ConformanceCase.ChannelStatistics statistics(
      String column, double[] x, TensorShape shape) {
    String call =
        "explode(%s.channel_moments(%s, %d, '%s'))"
            .formatted(CATALOG, column, shape.channels(), layout(shape));
    List<Row> channels =
        rows(x, shape.fixedLength()).selectExpr(call).selectExpr("col.*").collectAsList();
    return new ConformanceCase.ChannelStatistics(
        channels.stream().mapToLong(row -> row.getLong(0)).toArray(),
        channels.stream().mapToDouble(row -> row.getDouble(1)).toArray(),
        channels.stream().mapToDouble(row -> row.getDouble(2)).toArray());
  }

  private static String layout(TensorShape shape) {
    return shape.layout() == Layout.CHANNELS_FIRST ? "channels-first" : "channels-last";
  }

  /** The call of a plain function that says all of a norm, but for its first argument. */
  private static Optional<String> plainCall(Norm norm, TensorShape shape) {
    String channels = shape.channels() + ", ";
    String layout = "'%s', ".formatted(layout(shape));
    if (norm instanceof LayerNorm layer
        && isPlain(layer.denominator(), layer.affine(), layer.activation())) {
      int block = layer.normalizedShape().stream().reduce(1, Math::multiplyExact);
      return Optional.of("layer_norm(%s, " + block + ", " + layer.denominator().epsilon() + "D)");
    }

    if (norm instanceof InstanceNorm instance
        && isPlain(instance.denominator(), instance.affine(), instance.activation())) {
      return Optional.of(
          "instance_norm(%s, " + channels + layout + instance.denominator().epsilon() + "D)");
    }

    if (norm instanceof GroupNorm group
        && isPlain(group.denominator(), group.affine(), group.activation())) {
      return Optional.of(
          "group_norm(%s, "
              + channels
              + group.groups()
              + ", "
              + layout
              + group.denominator().epsilon()
              + "D)");
    }

    if (norm instanceof EvoNormS evo
        && evo.equals(
            new EvoNormS(
                EvoNormS.Variant.S0,
                evo.groups(),
                evo.epsilon(),
                Affine.NONE,
                Coefficients.NONE,
                true))) {
      return Optional.of(
          "evonorm_s0(%s, " + channels + evo.groups() + ", " + layout + evo.epsilon() + "D)");
    }

    return Optional.empty();
  }

  private static boolean isPlain(Denominator denominator, Affine affine, Activation activation) {
    return denominator.equals(Denominator.insideSqrt(denominator.epsilon()))
        && affine.equals(Affine.NONE)
        && activation == Activation.NONE;
  }

  private Dataset<Row> plainFunction(Dataset<Row> rows, String call) {
    return rows.selectExpr(
        "id", call.formatted("single") + " AS single", call.formatted("twice") + " AS twice");
  }

  /** Publishes the norm as a model for each column and calls it from SQL. */
  private Dataset<Row> modelFunction(
      Dataset<Row> rows, ConformanceCase c, List<FeatureBlock> blocks) {
    List<String> expressions = new ArrayList<>(List.of("id"));
    try {
      ModelStore store =
          new ModelStore(folder.toString(), spark().sparkContext().hadoopConfiguration());
      for (FeatureBlock block : blocks) {
        String column = block.spec().columns().get(0);
        String model = c.name() + "_" + column;
        store.publish(model, draft(block, Optional.empty()));
        expressions.add("%s.`%s`.apply(%s) AS %s".formatted(CATALOG, model, column, column));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return rows.selectExpr(expressions.toArray(String[]::new));
  }

  private static List<Model> fit(
      Dataset<Row> rows, List<FeatureBlock> blocks, Optional<RunningStatistics> running) {
    List<FitResult> results = Fitter.fit(rows, blocks, blocks, FaultPolicies.DEFAULT);
    List<Model> models = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      FeatureBlock block = blocks.get(i);
      Optional<Model> parent =
          spec(block).tracking().isPresent()
              ? Optional.of(model(block, running))
              : Optional.empty();
      models.add(draft(block, Optional.of(results.get(i))).model(parent));
    }

    return models;
  }

  private static List<Model> evaluation(
      List<FeatureBlock> blocks, Optional<RunningStatistics> running) {
    return blocks.stream().map(block -> model(tracked(block), running)).toList();
  }

  /** A block whose norm keeps running statistics, which evaluation needs and does not move. */
  private static FeatureBlock tracked(FeatureBlock block) {
    FeatureSpec feature = block.spec();
    NormSpec.Tracking any = new NormSpec.Tracking(Momentum.CUMULATIVE, Variance.BIASED);
    FeatureSpec tracked =
        new FeatureSpec(
            feature.form(),
            feature.columns(),
            feature.outputs(),
            feature.shape(),
            Optional.of(new NormSpec(spec(block).norm(), Optional.of(any))),
            feature.mode(),
            feature.weight(),
            feature.model());
    return new FeatureBlock(tracked, block.fields(), block.type(), block.weight(), block.key());
  }

  private static Model model(FeatureBlock block, Optional<RunningStatistics> running) {
    Norm norm = spec(block).norm();
    int channels = block.type().shape().channels();
    Coefficients zeros = Coefficients.of(new double[channels]);
    Optional<Statistics> unused =
        norm instanceof DatasetNorm
            ? Optional.of(new Statistics(new long[channels], zeros, zeros, zeros))
            : Optional.empty();
    return new Model(spec(block), block.type(), unused, running);
  }

  private static Draft draft(FeatureBlock block, Optional<FitResult> fit) {
    InputIdentity input =
        new InputIdentity(
            InputIdentity.Kind.UNKNOWN, "a conformance case", List.of(), "0".repeat(64));
    Provenance provenance =
        new Provenance(
            "conformance",
            "0".repeat(64),
            Instant.EPOCH,
            "test",
            input,
            new RecordCounts(0, 0, Map.of()));
    return new Draft(spec(block), block.type(), fit.flatMap(FitResult::moments), provenance);
  }

  private static NormSpec spec(FeatureBlock block) {
    return block.spec().norm().orElseThrow();
  }

  private static FeatureBlock block(
      String column, ConformanceCase c, NormSpec norm, Dataset<Row> rows) {
    FeatureSpec feature =
        new FeatureSpec(
            FeatureSpec.Form.TENSOR,
            List.of(column),
            List.of(column),
            Optional.of(c.shape()),
            Optional.of(norm),
            Mode.TRAIN,
            Optional.empty(),
            Optional.empty());
    return FeatureBlock.find(feature, c.shape(), rows.schema());
  }

  /** The records of a batch in two partitions, which tasks read as they would a file. */
  private Dataset<Row> rows(double[] x, int recordLength) {
    List<Row> rows = new ArrayList<>();
    for (int at = 0; at < x.length; at += recordLength) {
      float[] single = new float[recordLength];
      double[] twice = Arrays.copyOfRange(x, at, at + recordLength);
      for (int i = 0; i < recordLength; i++) {
        single[i] = (float) twice[i];
      }

      rows.add(RowFactory.create(at / recordLength, single, twice));
    }

    StructType schema =
        new StructType()
            .add("id", DataTypes.IntegerType)
            .add("single", DataTypes.createArrayType(DataTypes.FloatType))
            .add("twice", DataTypes.createArrayType(DataTypes.DoubleType));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark().sparkContext());
    return spark().createDataFrame(context.parallelize(rows, 2), schema);
  }

  private static List<double[]> collect(Dataset<Row> normalised, int length) {
    double[] single = new double[length];
    double[] twice = new double[length];
    int next = 0;
    List<Row> rows = new ArrayList<>(normalised.select("id", "single", "twice").collectAsList());
    rows.sort(Comparator.comparing(row -> row.getInt(0)));
    for (Row row : rows) {
      List<Float> floats = row.getList(1);
      List<Double> doubles = row.getList(2);
      for (int i = 0; i < floats.size(); i++, next++) {
        single[next] = floats.get(i);
        twice[next] = doubles.get(i);
      }
    }

    return List.of(single, twice);
  }
}
