package io.sparknorm.spark.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A standalone cluster of Spark, a master and two workers, each a process of its own that listens
 * on 127.0.0.1 alone. Its jars are those that the job's jar expects to find on a cluster.
 */
final class Cluster implements AutoCloseable {
  /** Where a submission's driver runs. */
  enum DeployMode {
    CLIENT,
    CLUSTER
  }

  /** Two names of one machine: Spark starts no copy of a task on the host that the task is on. */
  private static final List<String> HOSTS = List.of("127.0.0.1", "localhost");

  /** Most of these processes live for seconds. */
  private static final String QUICK_START = "-XX:TieredStopAtLevel=1";

  /** As a scheduler starts processes: in a locale that can name ASCII files alone. */
  private static final String POOR_LOCALE = "C";

  private static final String RICH_LOCALE = "C.UTF-8";

  private final Path folder;
  private final List<Path> jars;
  private final List<Jvm> machines = new ArrayList<>();
  private final Map<String, Jvm> workers = new LinkedHashMap<>();
  private final String master;
  private int submissions;

  private Cluster(Path folder, List<Path> jars) throws IOException {
    this.folder = folder;
    this.jars = jars;
    installSpark();
    Jvm machine = start("master", HOSTS.get(0), "org.apache.spark.deploy.master.Master");
    this.master = machine.awaitLine("Starting Spark master at (spark://127\\.0\\.0\\.1:\\d+)");
  }

  /**
   * Starts a cluster; it is ready when this returns.
   *
   * @param folder for its jars, logs and scratch files
   * @param extra jars beside Spark's
   */
  static Cluster start(Path folder, Path... extra) throws IOException {
    List<Path> jars = new ArrayList<>(sparkJars());
    jars.addAll(List.of(extra));
    Cluster cluster = new Cluster(folder, jars);
    try {
      for (String host : HOSTS) {
        cluster.startWorker(host);
      }

      return cluster;
    } catch (Throwable e) {
      cluster.close();
      throw e;
    }
  }

  /** The class path of the embedded Spark: what the job's jar does not contain. */
  private static List<Path> sparkJars() throws IOException {
    String classPath =
        Files.readString(
            Path.of(System.getProperty("sparknorm.target"), "embedded-spark.classpath"));
    return List.of(classPath.strip().split(File.pathSeparator, -1)).stream().map(Path::of).toList();
  }

  private void installSpark() throws IOException {
    Files.createDirectories(scratch());
    Path installed = Files.createDirectories(folder.resolve("spark/jars"));
    for (Path jar : jars) {
      Files.createSymbolicLink(installed.resolve(jar.getFileName()), jar);
    }
  }

  /** Starts a worker in the place of one that was killed, so that no two share a host. */
  void replace(Jvm killed) throws IOException {
    String host =
        HOSTS.stream().filter(name -> workers.get(name) == killed).findFirst().orElseThrow();
    startWorker(host);
  }

  /** Starts a worker and waits until the master knows it. */
  private void startWorker(String host) throws IOException {
    int number = machines.size();
    Jvm worker =
        start(
            "worker-" + number,
            host,
            "org.apache.spark.deploy.worker.Worker",
            "--cores",
            "2",
            "--memory",
            "2g",
            "--work-dir",
            folder.resolve("work-" + number).toString(),
            master);
    workers.put(host, worker);
    worker.awaitLine("(Successfully registered with master)");
  }

  private Jvm start(String name, String host, String mainClass, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(mainClass);
    command.addAll(List.of("--host", host, "--port", "0", "--webui-port", "0"));
    command.addAll(List.of(arguments));
    Jvm machine = launch(name, POOR_LOCALE, "", List.of(QUICK_START, "-Xmx256m"), command);
    machines.add(machine);
    return machine;
  }

  /**
   * @param extraClassPath before Spark's jars, or empty
   */
  private Jvm launch(
      String name, String locale, String extraClassPath, List<String> options, List<String> command)
      throws IOException {
    Map<String, String> environment =
        Map.of(
            "LC_ALL",
            locale,
            "SPARK_HOME",
            folder.resolve("spark").toString(),
            "SPARK_SCALA_VERSION",
            scala.util.Properties.versionNumberString().replaceFirst("\\.\\d+$", ""),
            "SPARK_LOCAL_IP",
            "127.0.0.1",
            "SPARK_LOCAL_DIRS",
            scratch().toString());
    String jars = folder.resolve("spark/jars") + "/*";
    String classPath = extraClassPath.isEmpty() ? jars : extraClassPath + File.pathSeparator + jars;
    return Jvm.start(folder.resolve(name + ".log"), environment, classPath, options, command);
  }

  /** Submits the job's jar to this cluster; the returned process is {@code spark-submit}. */
  Jvm submit(DeployMode mode, Map<String, String> settings, String... arguments)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("spark.driver.memory", "512m");
    all.put("spark.executor.cores", "1");
    all.put("spark.executor.memory", "512m");
    all.put("spark.executor.extraJavaOptions", QUICK_START);
    all.put("spark.driver.extraJavaOptions", QUICK_START);
    all.put("spark.cores.max", "2");
    // A task for each file of the input, where local mode reads several in one.
    all.put("spark.sql.files.minPartitionNum", "8");
    all.put("spark.standalone.submit.waitAppCompletion", "true");
    all.putAll(settings);
    return submit(master, mode, all, arguments);
  }

  /** Submits the job's jar to this machine alone. */
  Jvm submitLocally(Map<String, String> settings, String... arguments) throws IOException {
    Map<String, String> all = new LinkedHashMap<>(Map.of("spark.driver.memory", "512m"));
    all.putAll(settings);
    return submit("local[2]", DeployMode.CLIENT, all, arguments);
  }

  private Jvm submit(String to, DeployMode mode, Map<String, String> settings, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("org.apache.spark.deploy.SparkSubmit"));
    command.addAll(List.of("--master", to, "--deploy-mode", mode.name().toLowerCase(Locale.ROOT)));
    settings.forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
    command.addAll(List.of("--conf", "spark.ui.enabled=false"));
    command.addAll(List.of("--conf", "spark.sql.shuffle.partitions=2"));
    command.addAll(List.of("--class", "io.sparknorm.spark.app.SparknormApp"));
    command.add(System.getProperty("sparknorm.jar"));
    command.addAll(List.of(arguments));
    submissions++;
    // What the script spark-submit does before it starts this main class.
    String extraClassPath = settings.getOrDefault("spark.driver.extraClassPath", "");
    Jvm submission =
        launch(
            "submit-" + submissions,
            RICH_LOCALE,
            extraClassPath,
            List.of(QUICK_START, "-Xmx512m"),
            command);
    machines.add(submission);
    return submission;
  }

  Collection<Jvm> workers() {
    return workers.values();
  }

  /** Where the executors keep what they shuffle. */
  Path scratch() {
    return folder.resolve("scratch");
  }

  /** Executors that run now. */
  List<ProcessHandle> executors() {
    return workers().stream()
        .flatMap(worker -> worker.children().stream())
        .filter(child -> child.info().commandLine().orElse("").contains("CoarseGrainedExecutor"))
        .toList();
  }

  @Override
  public void close() {
    machines.forEach(Jvm::close);
  }
}
