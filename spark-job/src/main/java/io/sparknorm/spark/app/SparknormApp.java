package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobFile;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.functions.NormFunctions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command line. A session is made only when everything that can be checked without one is in
 * order, and it is stopped before the process leaves.
 */
@CommandLine.Command(
    name = "sparknorm",
    description = "Normalises large feature datasets on Apache Spark.",
    mixinStandardHelpOptions = true,
    versionProvider = SparknormApp.Version.class,
    subcommands = {
      StoreCommands.Merge.class,
      StoreCommands.Subtract.class,
      StoreCommands.Versions.class,
      StoreCommands.Alias.class,
      StoreCommands.Prune.class
    })
public final class SparknormApp {
  private static final Logger LOG = LoggerFactory.getLogger(SparknormApp.class);
  private static final String EXECUTOR_LOCALE = "spark.executorEnv.LC_ALL";
  private static final List<String> EXECUTOR_LOCALES =
      List.of(EXECUTOR_LOCALE, "spark.executorEnv.LC_CTYPE", "spark.executorEnv.LANG");

  private final Supplier<SparkSession> sessions;

  @Spec private CommandSpec commandLine;

  /**
   * @param sessions gives the session to work with, which is stopped when the work is done
   */
  SparknormApp(Supplier<SparkSession> sessions) {
    this.sessions = sessions;
  }

  public static void main(String[] arguments) {
    int status = new SparknormApp(SparknormApp::session).commandLine().execute(arguments);
    // YARN takes a System.exit(0) before the session's end is reported for a failure.
    if (status != LeavingStatus.DONE.number()) {
      System.exit(status);
    }

    OwnProcess.leaveInTime();
  }

  CommandLine commandLine() {
    // An argument that begins with @ is a value like any other, not a file of arguments.
    return new CommandLine(this).setExpandAtFiles(false);
  }

  /** The options that every job has. */
  static final class JobOptions {
    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "Job file: any Hadoop path, or a file shipped with --files.")
    private String file;

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "Value that wins over the job file's; may be repeated.")
    private List<String> settings = new ArrayList<>();

    @Option(
        names = "--dry-run",
        description = "Check the job file, say what would be done, and leave.")
    private boolean isDryRun;
  }

  @CommandLine.Command(
      name = "fit",
      description = "Collects statistics of the dataset and publishes a model.",
      mixinStandardHelpOptions = true)
  int fit(@Mixin JobOptions options) {
    return execute(Command.FIT, options);
  }

  @CommandLine.Command(
      name = "apply",
      description = "Normalises the dataset by a model, or by a norm that needs none.",
      mixinStandardHelpOptions = true)
  int apply(@Mixin JobOptions options) {
    return execute(Command.APPLY, options);
  }

  @CommandLine.Command(
      name = "run",
      description = "Fits and applies.",
      mixinStandardHelpOptions = true)
  int run(@Mixin JobOptions options) {
    return execute(Command.RUN, options);
  }

  @CommandLine.Command(
      name = "functions",
      description = "Lists the SQL functions, each with its arguments and an example.",
      mixinStandardHelpOptions = true)
  void functions() {
    commandLine.commandLine().getOut().print(NormFunctions.describe());
    commandLine.commandLine().getOut().flush();
  }

  private int execute(Command command, JobOptions options) {
    try {
      return carryOut(command, options).number();
    } catch (Throwable failure) {
      return Attempt.Ending.of(failure).status().number();
    }
  }

  private LeavingStatus carryOut(Command command, JobOptions options) {
    String text = new JobFileReader(new SparkConf()).read(options.file);
    JobSpec job = JobSpec.parse(JobFile.parse(text, options.file, options.settings), command);
    if (options.isDryRun) {
      PrintWriter out = commandLine.commandLine().getOut();
      out.println(job.effective().strip());
      out.println(DryRun.describe(job));
      return LeavingStatus.DONE;
    }

    LOG.info("Effective configuration:\n{}", job.effective().strip());
    Attempt.Ending ending = new Attempt(sessions, job).carryOut();
    ending.lines().forEach(commandLine.commandLine().getOut()::println);
    return ending.status();
  }

  /** What a sub-command does. */
  interface Work {
    void carryOut() throws IOException;
  }

  /** The status to leave with; what went wrong is told in the log. */
  static int reporting(Work work) {
    try {
      work.carryOut();
      return LeavingStatus.DONE.number();
    } catch (Throwable failure) {
      return Attempt.Ending.of(failure).status().number();
    }
  }

  /** Where and under which name it runs is for whoever submits the job to say. */
  private static SparkSession session() {
    SparkConf submitted = new SparkConf();
    if (!submitted.contains("spark.master")) {
      throw JobException.usage(
          "Cannot start Spark: no master is set (submit with spark-submit --master, or set"
              + " spark.master)");
    }

    SparkSession.Builder session =
        SparkSession.builder().appName(submitted.get("spark.app.name", "sparknorm"));
    if (LocalFiles.haveAllLetters() && EXECUTOR_LOCALES.stream().noneMatch(submitted::contains)) {
      session.config(EXECUTOR_LOCALE, "C.UTF-8"); // executors list and open files too
    }
    return session.getOrCreate();
  }

  /** Gives {@code --version} the product's. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"sparknorm " + ProductVersion.text()};
    }
  }
}
