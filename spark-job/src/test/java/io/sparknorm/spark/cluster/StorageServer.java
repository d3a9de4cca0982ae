package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * A server of a distributed file system, in a process of its own that listens on 127.0.0.1 alone,
 * with a class path of its own.
 *
 * @param root where a test may put its folders
 * @param settings with which a Spark job reaches it
 */
record StorageServer(Jvm process, String root, Map<String, String> settings)
    implements AutoCloseable {
  private static final String BUCKET = "bucket";

  /** HDFS: a name node and a data node. */
  static StorageServer hdfs(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.resolve("hdfs"));
    int port = freePort();
    Jvm process =
        Jvm.start(
            home.resolve("server.log"),
            Map.of(),
            classPath(jar -> jar.contains("hadoop-client-minicluster"))
                + File.pathSeparator
                + System.getProperty("java.class.path"),
            List.of("-Xmx512m"),
            List.of(
                "org.apache.hadoop.test.MiniDFSClusterManager",
                "-nnport",
                String.valueOf(port),
                "-datanodes",
                "1",
                "-format",
                "-D",
                "hdfs.minidfs.basedir=" + home.resolve("data"),
                "-writeDetails",
                home.resolve("details.json").toString()));
    process.awaitFile(home.resolve("details.json"));
    return new StorageServer(process, "hdfs://127.0.0.1:" + port, Map.of());
  }

  /** S3, which keeps an object as a file in {@link #files}. */
  static StorageServer s3(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.resolve("s3"));
    Files.createDirectories(home.resolve("objects").resolve(BUCKET));
    String endpoint = "http://127.0.0.1:" + freePort();
    Path properties =
        Files.writeString(
            home.resolve("s3proxy.properties"),
            """
            s3proxy.endpoint=%s
            s3proxy.authorization=none
            jclouds.provider=filesystem-nio2
            jclouds.filesystem.basedir=%s
            """
                .formatted(endpoint, home.resolve("objects")));
    Path logging =
        Files.writeString(
            home.resolve("logback.xml"),
            """
            <configuration>
              <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
                <encoder><pattern>%level %logger{0}: %msg%n</pattern></encoder>
              </appender>
              <root level="INFO"><appender-ref ref="out"/></root>
            </configuration>
            """);
    Jvm process =
        Jvm.start(
            home.resolve("server.log"),
            Map.of(),
            classPath(jar -> !jar.contains("hadoop")),
            List.of("-Xmx512m", "-Dlogback.configurationFile=" + logging),
            List.of("org.gaul.s3proxy.Main", "--properties", properties.toString()));
    process.awaitLine("(Started \\S*ServerConnector@)");
    Map<String, String> settings =
        Map.of(
            "spark.hadoop.fs.s3a.endpoint", endpoint,
            "spark.hadoop.fs.s3a.endpoint.region", "us-east-1",
            "spark.hadoop.fs.s3a.path.style.access", "true",
            "spark.hadoop.fs.s3a.access.key", "nobody",
            "spark.hadoop.fs.s3a.secret.key", "nothing");
    return new StorageServer(process, "s3a://" + BUCKET, settings);
  }

  /**
   * A client of S3 in this JVM, from jars that are otherwise none of its.
   *
   * @param more of Hadoop's settings
   */
  FileSystem s3Client(Map<String, String> more) throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.setClassLoader(S3Classes.LOADER);
    settings.forEach((key, value) -> hadoop.set(key.replace("spark.hadoop.", ""), value));
    more.forEach(hadoop::set);
    return FileSystem.newInstance(URI.create(root), hadoop);
  }

  /** Loaded once, since Hadoop keeps objects of these classes for the whole JVM. */
  private static final class S3Classes {
    static final ClassLoader LOADER = load();

    private static ClassLoader load() {
      try {
        List<URL> jars = new ArrayList<>();
        for (Path jar : s3Jars()) {
          jars.add(jar.toUri().toURL());
        }

        return new URLClassLoader(jars.toArray(URL[]::new), StorageServer.class.getClassLoader());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Puts a file into the bucket of S3; only what came in as an object has an ETag. */
  void put(Path file, String key) throws IOException {
    String endpoint = settings.get("spark.hadoop.fs.s3a.endpoint");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("%s/%s/%s".formatted(endpoint, BUCKET, key)))
            .PUT(HttpRequest.BodyPublishers.ofFile(file))
            .build();
    try {
      HttpResponse<String> response =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The folder of a bucket's objects. */
  static Path files(Path folder) {
    return folder.resolve("s3/objects").resolve(BUCKET);
  }

  /** What a cluster needs beside Spark's jars to reach S3. */
  static Path[] s3Jars() throws IOException {
    return jars()
        .filter(
            jar -> jar.matches(".*/(hadoop-aws|software/amazon|reactivestreams|httpcomponents)/.*"))
        .map(Path::of)
        .toArray(Path[]::new);
  }

  private static String classPath(Predicate<String> wanted) throws IOException {
    return jars().filter(wanted).collect(Collectors.joining(File.pathSeparator));
  }

  private static Stream<String> jars() throws IOException {
    Path list = Path.of(System.getProperty("sparknorm.target"), "file-systems.classpath");
    return Stream.of(Files.readString(list).strip().split(File.pathSeparator, -1));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
