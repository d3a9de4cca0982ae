package io.sparknorm.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.config.FeatureSpec.Form;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestJobSpec {
  private static final String JOB =
      """
      input.path = in
      output.path = out
      features { column = x, shape = [3] }
      norm.type = batch-norm
      store { path = models, model = m }
      """;

  @Test
  void leastJobFileHasEveryDefault() {
    JobSpec job = job(Command.RUN, JOB);

    assertThat(job)
        .isEqualTo(
            new JobSpec(
                Command.RUN,
                new InputSpec(
                    Optional.of("parquet"),
                    Optional.of("in"),
                    Optional.empty(),
                    ParquetCode.BULK,
                    Map.of(),
                    Optional.empty(),
                    Optional.empty()),
                Optional.of(
                    new OutputSpec(
                        Optional.of("parquet"),
                        Optional.of("out"),
                        Optional.empty(),
                        IfExists.FAIL,
                        List.of(),
                        Verify.RECORDS,
                        ParquetCode.BULK,
                        Map.of())),
                List.of(
                    new FeatureSpec(
                        Form.TENSOR,
                        List.of("x"),
                        List.of("x"),
                        Optional.of(TensorShape.vector(3)),
                        Optional.of(new NormSpec(BatchNorm.DEFAULT, Optional.empty())),
                        Mode.TRAIN,
                        Optional.empty(),
                        Optional.of(ModelReference.latest("m")))),
                Optional.of("models"),
                FaultPolicies.DEFAULT,
                Optional.of("_out.run-status.json")));
  }

  @Test
  void placeholdersOfTheOutputAreFilledIn() {
    OutputSpec output = job(Command.RUN, JOB, "output.path=/o/{date}/{run}/x").output().get();

    assertThat(output.of(LocalDate.of(2026, 3, 1), "0123456789abcdef0123").location())
        .isEqualTo("/o/2026-03-01/0123456789abcdef/x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RUN | output.path=hdfs:///n/out/ | hdfs:///n/_out.run-status.json",
        "RUN | output.path=s3a://b/{date}/r={run} | s3a://b/2026-03-01/.r=latest.run-status.json",
        "RUN | output={ table = t } | models/_m.run-status.json",
        "FIT | output=null | models/_m.run-status.json",
        "RUN | run.status-path=s/{date}.json | s/2026-03-01.json",
      })
  void statusIsBesideTheOutputElseInTheStore(Command command, String setting, String path) {
    assertThat(job(command, JOB, setting).statusPath(LocalDate.of(2026, 3, 1))).contains(path);
  }

  @Test
  void statusHasNoPlaceWithoutOutputPathAndStore() {
    assertThat(
            job(Command.RUN, JOB, "output={ table = t }", "store=null")
                .statusPath(LocalDate.of(2026, 3, 1)))
        .isEmpty();
  }

  @Test
  void placeOfTheStatusAndVerificationMakeNoOtherRun() {
    assertThat(
            job(Command.RUN, JOB, "run.status-path=s.json", "output.verify=statistics").canonical())
        .isEqualTo(job(Command.RUN, JOB).canonical());
  }

  @Test
  void dataSourceMayHaveNeitherPathNorTable() {
    InputSpec input =
        job(Command.RUN, JOB, "input={ format = jdbc, options { dbtable = t } }").input();

    assertThat(input.format()).contains("jdbc");
    assertThat(input.path()).isEmpty();
    assertThat(input.location()).isEqualTo("jdbc");
  }

  @Test
  void weightIsAColumnForFitsAlone() {
    JobSpec fit = job(Command.FIT, JOB, "features.weight=copies");
    JobSpec unweighed = job(Command.FIT, JOB);

    assertThat(fit.features().get(0).weight()).contains("copies");
    assertThat(job(Command.APPLY, JOB, "features.weight=copies").features().get(0).weight())
        .isEmpty();
    assertThat(fit.canonicalFit(fit.features().get(0)))
        .as("identity, so that momentum applies to each")
        .isNotEqualTo(unweighed.canonicalFit(unweighed.features().get(0)));
  }

  @ParameterizedTest
  @CsvSource({"drop-record, false", "propagate, true"})
  void otherBlocksThatDropRecordsMakeAnotherFit(String policy, boolean same) {
    String x = "{ column = x, shape = [3], model = a }";
    String y = "{ column = y, shape = [%d], model = b }";
    List<String> fits = new ArrayList<>();
    for (int length = 1; length <= 2; length++) {
      String blocks = "features=[%s, %s]".formatted(x, y.formatted(length));
      JobSpec job = job(Command.FIT, JOB, blocks, "faults.nan=" + policy);
      fits.add(job.canonicalFit(job.features().get(0)));
    }

    assertThat(fits.get(0).equals(fits.get(1))).isEqualTo(same);
  }

  @Test
  void groupsAreColumnsAndUnseenOnesFailByDefault() {
    FeatureSpec grouped = features(Command.FIT, "features.group-by=[country, day]");

    assertThat(grouped.groupBy()).containsExactly("country", "day");
    assertThat(grouped.unseen()).isEqualTo(Unseen.FAIL);
    assertThat(features(Command.RUN).groupBy()).isEmpty();
    assertThat(features(Command.APPLY, "norm=null", "features.unseen=identity").unseen())
        .isEqualTo(Unseen.IDENTITY);
  }

  @Test
  void whatBecomesOfUnseenGroupsMakesAnotherRunButNoOtherFit() {
    JobSpec job = job(Command.RUN, JOB, "features.group-by=[k]");
    JobSpec global = job(Command.RUN, JOB, "features.group-by=[k]", "features.unseen=global");

    assertThat(global.canonical()).isNotEqualTo(job.canonical());
    assertThat(global.canonicalFit(global.features().get(0)))
        .isEqualTo(job.canonicalFit(job.features().get(0)))
        .isNotEqualTo(job(Command.RUN, JOB).canonicalFit(features(Command.RUN)));
  }

  @Test
  void groupsThatCannotBeAreRefused() {
    assertUsage(
        "Invalid features.group-by: [\"k\"] (layer-norm has no statistics of the dataset;"
            + " batch-norm, mean-variance-norm over axis 0 and evonorm-b0, -b1 and -b2 have) at"
            + " --set:1",
        Command.RUN,
        "features.group-by=[k]",
        "norm.type=layer-norm");
    assertUsage(
        "Invalid features.group-by: [\"k\"] (groups keep no running statistics; leave"
            + " norm.momentum out) at --set:1",
        Command.RUN,
        "features.group-by=[k]",
        "norm.momentum=none",
        "norm.running-variance=biased");
    assertUsage(
        "Invalid features.group-by: [\"k\",\"K\"] (must name at least one column, and none twice)"
            + " at --set:1",
        Command.RUN,
        "features.group-by=[k, K]");
    assertUsage(
        "Invalid features.unseen: global (goes with features.group-by)",
        Command.FIT,
        "features.unseen=global");
    assertUsage(
        "Invalid features.group-by: k (a fit by input.partition-by keeps no states of groups; leave"
            + " one of the two out)",
        Command.FIT,
        "features.group-by=[k]",
        "input.partition-by=day");
  }

  @Test
  void inputHasFormatPathOptionsAndCondition() {
    InputSpec input =
        job(
                Command.RUN,
                JOB,
                "input.format=csv",
                "input.options={ header = true, a.b = 007, \"c.d\" = \"$\" }",
                "input.where=x > 1")
            .input();

    assertThat(input.format()).contains("csv");
    assertThat(input.location()).isEqualTo("in");
    assertThat(input.options())
        .containsExactlyInAnyOrderEntriesOf(Map.of("header", "true", "a.b", "007", "c.d", "$"));
    assertThat(input.where()).contains("x > 1");
  }

  @Test
  void inputAndOutputMayBeTables() {
    JobSpec job =
        job(
            Command.RUN,
            JOB,
            "input={ table = db.t }",
            "output={ table = db.u, format = delta, options { k = v } }");

    assertThat(job.input().table()).contains("db.t");
    assertThat(job.input().format()).isEmpty();
    assertThat(job.output().get().location()).isEqualTo("db.u");
    assertThat(job.output().get().format()).contains("delta");
    assertThat(job.output().get().options()).isEqualTo(Map.of("k", "v"));
    assertThat(job(Command.RUN, JOB, "output={ table = db.u }").output().get().format()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "json", "csv", "avro", "sparknorm-parquet"})
  void everyFormatOfFilesCanBeWrittenToAPath(String format) {
    assertThat(job(Command.RUN, JOB, "output.format=" + format).output().get().format())
        .contains(format);
  }

  @ParameterizedTest
  @EnumSource
  void everyParquetReaderCanBeChosen(ParquetCode reader) {
    assertThat(job(Command.RUN, JOB, "input.reader=" + Names.of(reader)).input().reader())
        .isEqualTo(reader);
  }

  @ParameterizedTest
  @EnumSource
  void everyParquetWriterCanBeChosen(ParquetCode writer) {
    assertThat(
            job(Command.RUN, JOB, "output.writer=" + Names.of(writer))
                .output()
                .orElseThrow()
                .writer())
        .isEqualTo(writer);
  }

  @ParameterizedTest
  @EnumSource
  void everyIfExistsCanBeChosen(IfExists ifExists) {
    assertThat(
            job(Command.RUN, JOB, "output.partition-by=[d]", "output.if-exists=" + ifExists.key())
                .output()
                .get()
                .ifExists())
        .isEqualTo(ifExists);
  }

  @Test
  void columnMayBeRenamedAndShaped() {
    FeatureSpec features =
        features(
            Command.RUN,
            "features.output=y",
            "features.shape=[-1, 3]",
            "features.layout=channels-last");

    assertThat(features.outputs()).containsExactly("y");
    assertThat(features.shape()).contains(new TensorShape(List.of(-1, 3), Layout.CHANNELS_LAST));
    assertThat(features.channelNames()).isEmpty();
  }

  @Test
  void scalarColumnsAreChannels() {
    FeatureSpec features =
        features(Command.RUN, "features={ columns = [a, b], output = [c, d], shape = [2] }");

    assertThat(features.form()).isEqualTo(Form.SCALARS);
    assertThat(features.columns()).containsExactly("a", "b");
    assertThat(features.channelNames()).containsExactly("a", "b");
    assertThat(features.outputs()).containsExactly("c", "d");
    assertThat(features.shape()).contains(TensorShape.vector(2));
    assertThat(features(Command.RUN, "features={ columns = [a, b] }").outputs())
        .containsExactly("a", "b");
  }

  @Test
  void blocksHaveTheirOwnNormsAndModels() {
    JobSpec job =
        job(
            Command.RUN,
            JOB,
            "features=[{ column = x, shape = [3] },"
                + " { column = y, shape = [4], model = other, norm.type = layer-norm },"
                + " { columns = [a, b], model = scalars }]");

    assertThat(job.features())
        .extracting(features -> features.model().get().name())
        .containsExactly("m_x", "other", "scalars");
    assertThat(job.features())
        .<Object>extracting(features -> features.norm().get().norm())
        .containsExactly(BatchNorm.DEFAULT, LayerNorm.over(4), BatchNorm.DEFAULT);
  }

  @Test
  void ownNormReplacesTheTopLevelOneWhole() {
    FeatureSpec features =
        features(
            Command.RUN,
            "norm={ type = batch-norm, activation = relu }",
            "features.norm={ type = batch-norm }");

    assertThat(features.norm().get().norm()).isEqualTo(BatchNorm.DEFAULT);
  }

  @Test
  void modeIsTrainForAFitAndEvalForApply() {
    assertThat(features(Command.FIT).mode()).isEqualTo(Mode.TRAIN);
    assertThat(features(Command.RUN).mode()).isEqualTo(Mode.TRAIN);
    assertThat(features(Command.APPLY).mode()).isEqualTo(Mode.EVAL);
    assertThat(features(Command.APPLY, "norm.mode=train").mode()).isEqualTo(Mode.TRAIN);
    assertThat(features(Command.RUN, "norm.mode=eval").mode()).isEqualTo(Mode.EVAL);
  }

  @Test
  void aNormWithoutStatisticsNeedsNoModelInWhateverMode() {
    assertThat(
            features(Command.RUN, "norm={ type = layer-norm, mode = eval }", "store=null").model())
        .isEmpty();
  }

  @Test
  void applyTakesAVersionOfTheStoreOrOfTheBlock() {
    assertThat(features(Command.APPLY, "store.version=3").model())
        .isEqualTo(ModelReference.of("m", "3"));
    assertThat(features(Command.APPLY, "store.version=3", "features.version=4").model())
        .isEqualTo(ModelReference.of("m", "4"));
    assertThat(features(Command.APPLY, "store.version=production").model())
        .isEqualTo(ModelReference.of("m", "production"));
    assertThat(features(Command.APPLY, "store.version=latest").model())
        .contains(ModelReference.latest("m"));
  }

  @Test
  void applyNeedsNeitherNormNorShapeBesideAModel() {
    FeatureSpec features = features(Command.APPLY, "norm=null", "features={ column = x }");

    assertThat(features.norm()).isEmpty();
    assertThat(features.shape()).isEmpty();
    assertThat(features.mode()).isEqualTo(Mode.EVAL);
  }

  @Test
  void normOfEachRecordNeedsNoStore() {
    for (Command command : List.of(Command.APPLY, Command.RUN)) {
      JobSpec job = job(command, JOB, "norm.type=layer-norm", "store=null");

      assertThat(job.storePath()).isEmpty();
      assertThat(job.features().get(0).model()).isEmpty();
    }
  }

  @Test
  void runWithoutStoreNormalisesByTheDatasetsOwnStatistics() {
    assertThat(job(Command.RUN, JOB, "store=null").features().get(0).model()).isEmpty();
  }

  @Test
  void fitHasNoOutputThoughItsJobFileMay() {
    assertThat(job(Command.FIT, JOB, "output=null").output()).isEmpty();
    assertThat(job(Command.FIT, JOB).output()).isEmpty();
  }

  @Test
  void everyFaultHasItsPolicy() {
    assertThat(
            job(
                    Command.RUN,
                    JOB,
                    "faults.nan=fail",
                    "faults.infinity=skip-value",
                    "faults.null-array=drop-record",
                    "faults.null-element=propagate",
                    "faults.wrong-length=drop-record")
                .faults())
        .isEqualTo(
            new FaultPolicies(
                Policy.FAIL,
                Policy.SKIP_VALUE,
                Policy.DROP_RECORD,
                Policy.PROPAGATE,
                Policy.DROP_RECORD));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RUN | inputt.path=x | Unknown key inputt: did you mean input?",
        "RUN | input.paht=x | Unknown key input.paht: did you mean input.path?",
        "RUN | input=3 | Invalid input: 3 (must be a group: { key = value, .. })",
        "RUN | input=null | Invalid configuration: input.path is missing (Where the data is; this"
            + " or input.table)",
        "RUN | input.table=t | Invalid input.table: t (input.path is given too)",
        "RUN | input={ table = t, format = csv } | Invalid input.format: csv (input.table has a"
            + " format of its own) at --set:1",
        "RUN | input.options=hunter2 | Invalid input.options: not a group (must be { key = value,"
            + " .. })",
        "RUN | input.options.password=[hunter2] | Invalid input.options.password: not a text (must"
            + " be a text, a number, true or false) at --set:1",
        "RUN | output=null | Invalid configuration: output.path is missing (Where the result goes,"
            + " with {date} and {run} filled in; this or output.table)",
        "APPLY | output=null | Invalid configuration: output.path is missing (Where the result"
            + " goes, with {date} and {run} filled in; this or output.table)",
        "RUN | output.path=out/{day} | Invalid output.path: out/{day} (may hold {date} and {run})",
        "RUN | run.status-path=s/{run} | Invalid run.status-path: s/{run} (may hold {date})",
        "RUN | output.if-exists=replace-partitions | Invalid output.if-exists: replace-partitions"
            + " (output.partition-by names no column)",
        "RUN | store.path=out/ | Invalid store.path: out/ (must not be within output.path)",
        "RUN | run.status-path=out/s.json | Invalid run.status-path: out/s.json (must not"
            + " be within output.path)",
        "RUN | output.partition-by=[X] | Invalid output.partition-by: X (a normalised column cannot"
            + " part the output)",
        "RUN | output.partition-by=[.x] | Invalid output.partition-by: .x (readers skip folders whose"
            + " name begins with a dot)",
        "RUN | output.partition-by=day | Invalid output.partition-by: day (must be a list: [a, b,"
            + " ..])",
        "RUN | output.verify=all | Invalid output.verify: all (must be one of records,"
            + " statistics)",
        "RUN | output.table=t | Invalid output.table: t (output.path is given too)",
        "RUN | output.format=delta | Invalid output.format: delta (is written as a table: name it"
            + " by output.table)",
        "FIT | output.format=Iceberg | Invalid output.format: Iceberg (is written as a table: name"
            + " it by output.table)",
        "RUN | output.if-exists=append | Invalid output.if-exists: append (must be one of fail,"
            + " replace, replace-partitions, skip)",
        "RUN | output.path={} | Invalid output.path: a group (must be a text) at --set:1",
        "RUN | features=null | Invalid configuration: features is missing (a block { column = .. }"
            + " or a list of such blocks)",
        "RUN | features=[] | Invalid configuration: features is missing (a block { column = .. }"
            + " or a list of such blocks)",
        "RUN | features=[x] | Invalid features[0]: x (must be a group: { key = value, .. }) at"
            + " --set:1",
        "RUN | features=[{ colum = x }] | Unknown key features[0].colum at --set:1: did you mean"
            + " features[0].column?",
        "RUN | features.columns=[a] | Invalid features.column: x (features.columns is given too) at"
            + " job.conf:3",
        "RUN | features={ columns = [] } | Invalid features.columns: [] (must name at least one"
            + " column, and none twice) at --set:1",
        "RUN | features={ columns = [a, a] } | Invalid features.columns: [\"a\",\"a\"] (must name"
            + " at least one column, and none twice) at --set:1",
        "RUN | features={ columns = [[a]] } | Invalid features.columns: [\"a\"] (must be a list of"
            + " texts) at --set:1",
        "RUN | features={ columns = [a, b], output = [c] } | Invalid features.output: [\"c\"] (1"
            + " names for 2 columns) at --set:1",
        "RUN | features={ columns = [a, b], output = c } | Invalid features.output: c (must be a"
            + " list: [a, b, ..]) at --set:1",
        "RUN | features={ columns = [a, b], shape = [3] } | Invalid features.shape: [3] (the"
            + " columns are [2]) at --set:1",
        "RUN | features.shape=[0] | Invalid features.shape: [0] (each dimension must be positive,"
            + " or -1 where records differ)",
        "RUN | features.shape=null | Invalid configuration: features.shape is missing (Dimensions"
            + " of one record's tensor, row-major, such as [3, 32, 32]; one of them may be -1 where"
            + " records differ)",
        "APPLY | features.shape=null | Invalid configuration: features.shape is missing (Dimensions"
            + " of one record's tensor, row-major, such as [3, 32, 32]; one of them may be -1 where"
            + " records differ)",
        "RUN | features.layout=nchw | Invalid features.layout: nchw (must be one of channels-first,"
            + " channels-last)",
        "RUN | features.model=a/b | Invalid features.model: a/b (must consist of letters, digits, _"
            + " and -)",
        "RUN | store.model=.. | Invalid store.model: .. (must consist of letters, digits, _ and -)",
        "RUN | store.model=null | Invalid configuration: store.model is missing (Name of the model:"
            + " letters, digits, _ and -)",
        "RUN | store.path=null | Invalid configuration: store.path is missing (Folder that holds"
            + " models, on any Hadoop file system)",
        "FIT | store=null | Invalid configuration: store.path is missing (Folder that holds models,"
            + " on any Hadoop file system)",
        "RUN | store.version=3 | Invalid store.version: 3 (only apply takes a version; fit and run"
            + " publish the next one)",
        "FIT | features.version=3 | Invalid features.version: 3 (only apply takes a version; fit"
            + " and run publish the next one)",
        "FIT | input.window=30 days | Invalid configuration: input.partition-by is missing (Column"
            + " by whose values the input's files are in folders: a fit keeps the state of each,"
            + " and scans only those that are new or changed)",
        "FIT | input.window=a month | Invalid input.window: a month (must be such as 30 days or 30"
            + " partitions)",
        "APPLY | store.version=0 | Invalid store.version: 0 (must be a version's number, an alias"
            + " or latest)",
        "APPLY | features.version=1.5 | Invalid features.version: 1.5 (must be a version's number,"
            + " an alias or latest)",
        "RUN | norm=null | Invalid configuration: norm.type is missing (Which norm: batch-norm,"
            + " layer-norm, instance-norm, group-norm, rms-norm, mean-variance-norm, evonorm-s0,"
            + " evonorm-s0a, evonorm-s1, evonorm-s1a, evonorm-s2, evonorm-s2a, evonorm-b0,"
            + " evonorm-b1 or evonorm-b2)",
        "RUN | features.norm.type=batch | Invalid features.norm.type: batch (must be one of"
            + " batch-norm, layer-norm, instance-norm, group-norm, rms-norm, mean-variance-norm,"
            + " evonorm-s0, evonorm-s0a, evonorm-s1, evonorm-s1a, evonorm-s2, evonorm-s2a,"
            + " evonorm-b0, evonorm-b1, evonorm-b2)",
        "RUN | norm.mode=test | Invalid norm.mode: test (must be one of train, eval)",
        "APPLY | store=null | Invalid norm.type: batch-norm (apply needs its fitted statistics; set"
            + " store.path and store.model) at job.conf:4",
        "RUN | faults.nan=ignore | Invalid faults.nan: ignore (must be one of fail, propagate,"
            + " drop-record, skip-value)"
      })
  void mistakesAreNamed(Command command, String setting, String message) {
    assertUsage(message, command, setting);
  }

  @Test
  void partsThatDoNotGoTogetherAreNamed() {
    assertUsage(
        "Cannot apply: there is neither a norm nor a model (set norm.type, or store.path and"
            + " store.model)",
        Command.APPLY,
        "norm=null",
        "store=null");
    assertUsage(
        "Invalid norm.momentum: none (running statistics are kept in a model; set store.path and"
            + " store.model)",
        Command.RUN,
        "norm.momentum=none",
        "norm.running-variance=biased",
        "store=null");
    assertUsage(
        "Invalid norm.mode: eval (run fits nothing then, and applies a model; set store.path and"
            + " store.model)",
        Command.RUN,
        "norm.mode=eval",
        "store=null");
    assertUsage(
        "Invalid features[1].output: z (features[0] has the same)",
        Command.RUN,
        "features=[{ column = x, output = z, shape = [3] }, { column = z, shape = [3] }]");
    assertUsage(
        "Invalid features[1].output: X (features[0] has the same)",
        Command.RUN,
        "features=[{ column = x, shape = [3] }, { column = X, shape = [3] }]");
    assertUsage(
        "Invalid features.columns: [\"a\",\"A\"] (must name at least one column, and none twice)"
            + " at --set:1",
        Command.RUN,
        "features={ columns = [a, A] }");
    assertUsage(
        "Invalid features[1].model: m_x (features[0] has the same)",
        Command.RUN,
        "features=[{ column = x, shape = [3] }, { column = z, model = m_x, shape = [3] }]");
    assertUsage(
        "Invalid configuration: features[1].model is missing (Name of the block's model in the"
            + " store)",
        Command.RUN,
        "features=[{ column = x, shape = [3] }, { columns = [a, b] }]");
    assertUsage(
        "Invalid features[0].column: x.y (m_x.y is no name for a model; set features[0].model) at"
            + " --set:1",
        Command.RUN,
        "features=[{ column = x.y, shape = [3] }, { column = z, shape = [3] }]");
  }

  @Test
  void applyMayUseOneModelForSeveralColumns() {
    JobSpec job =
        job(
            Command.APPLY,
            JOB,
            "features=[{ column = x, model = m }, { column = y, model = m }]",
            "norm=null");

    assertThat(job.features()).hasSize(2);
  }

  @Test
  void effectiveConfigurationHidesOptionsAndShortensLongLists() {
    JobSpec job =
        job(
            Command.RUN,
            JOB,
            "input.options.password=hunter2",
            "output.options.token=hunter2",
            "features.shape=[40]",
            "norm.bias=" + Collections.nCopies(40, 1.5));

    assertThat(job.effective())
        .doesNotContain("hunter2")
        .contains("password=\"***\"", "token=\"***\"", "40 numbers from 1.5 to 1.5")
        .contains("nan=propagate", "epsilon=1.0E-5", "if-exists=fail");
    assertThat(job.toString()).doesNotContain("hunter2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RUN   | input.options.password=hunter2",
        "RUN   | input.where=a = 1",
        "RUN   | input.partition-by=day",
        "RUN   | input={ path = in, partition-by = day, window = 30 days }",
        "RUN   | output={ table = t }",
        "RUN   | features={ column = x, shape = [3], group-by = [k], unseen = identity }",
        "APPLY | features.unseen=global",
        "RUN   | input={ table = t, options { \"a.b\" = 1 } }",
        "RUN   | features={ columns = [a, b, c], output = [d, e, f] }",
        "RUN   | norm={ type = mean-variance-norm, mode = eval }",
        "APPLY | store.version=3",
        "APPLY | store.version=production",
        "APPLY | norm=null",
        "FIT   | features=[{ column = x, shape = [3] }, { column = y, shape = [3] }]",
        "FIT   | faults.nan=fail"
      })
  void canonicalConfigurationSaysTheSameAsTheJobFile(Command command, String setting) {
    JobSpec job = job(command, JOB, setting);
    String canonical = job.canonical();

    assertThat(canonical)
        .startsWith(Names.of(command) + " {")
        .isNotEqualTo(job(command, JOB).canonical());
    assertThat(job(command, canonical.substring(canonical.indexOf('{')))).isEqualTo(job);
  }

  @Test
  void canonicalConfigurationIsTheSameHoweverTheJobFileSaysIt() {
    String other =
        """
        norm { type = batch-norm, epsilon = 0.00001, center = true }
        store { model = m }
        store.path = models
        features = [{ shape = [3], column = x }]
        output { path = out, format = parquet }
        input { path = in }
        """;

    assertThat(job(Command.RUN, other).canonical()).isEqualTo(job(Command.RUN, JOB).canonical());
    assertThat(job(Command.FIT, JOB).canonical()).isNotEqualTo(job(Command.RUN, JOB).canonical());
  }

  private static FeatureSpec features(Command command, String... settings) {
    List<FeatureSpec> features = job(command, JOB, settings).features();
    assertThat(features).hasSize(1);
    return features.get(0);
  }

  private static JobSpec job(Command command, String text, String... settings) {
    Config config = JobFile.parse(text, "job.conf", List.of(settings));
    return JobSpec.parse(config, command);
  }

  private static void assertUsage(String message, Command command, String... settings) {
    assertThatThrownBy(() -> job(command, JOB, settings))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessage(message);
  }
}
