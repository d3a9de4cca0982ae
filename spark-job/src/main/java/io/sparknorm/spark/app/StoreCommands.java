package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Publication;
import io.sparknorm.spark.models.VersionArithmetic;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The sub-commands that work on the store alone, without data and without a session. */
final class StoreCommands {
  private static final String INTO = "Model whose next version the result becomes.";
  private static final Pattern RANGE = Pattern.compile("([1-9][0-9]{0,8})\\.\\.([1-9][0-9]{0,8})");

  private StoreCommands() {}

  /** What all of them have. */
  private abstract static class StoreCommand implements Callable<Integer> {
    @Option(
        names = "--store",
        required = true,
        paramLabel = "DIR",
        description = "Folder that holds models: any Hadoop path.")
    private String path;

    @Spec private CommandSpec commandLine;

    @Override
    public Integer call() {
      PrintWriter out = commandLine.commandLine().getOut();
      return SparknormApp.reporting(
          () -> {
            carryOut(new ModelStore(path, HadoopSettings.of(new SparkConf())), out);
            out.flush();
          });
    }

    abstract void carryOut(ModelStore store, PrintWriter out) throws IOException;
  }

  @CommandLine.Command(
      name = "merge",
      description = "Publishes the sum of versions: what one fit on all their records would give.",
      mixinStandardHelpOptions = true)
  static final class Merge extends StoreCommand {
    @Option(names = "--into", required = true, paramLabel = "MODEL", description = INTO)
    private String into;

    @Parameters(
        arity = "1..*",
        paramLabel = "MODEL@VERSION",
        description = "Versions: a number, an alias, latest, or a range of numbers such as 1..30.")
    private List<String> sources;

    @Override
    void carryOut(ModelStore store, PrintWriter out) throws IOException {
      print(out, "merge", new VersionArithmetic(store).merge(name(into), ids(store, sources)));
    }
  }

  @CommandLine.Command(
      name = "subtract",
      description = "Publishes what is left of a version without others.",
      mixinStandardHelpOptions = true)
  static final class Subtract extends StoreCommand {
    @Option(names = "--into", required = true, paramLabel = "MODEL", description = INTO)
    private String into;

    @Parameters(index = "0", paramLabel = "FROM", description = "MODEL@VERSION to subtract from.")
    private String from;

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "MODEL@VERSION",
        description = "What is subtracted, as in merge.")
    private List<String> less;

    @Override
    void carryOut(ModelStore store, PrintWriter out) throws IOException {
      ModelId whole = store.resolve(reference(from));
      print(
          out,
          "subtract",
          new VersionArithmetic(store).subtract(name(into), whole, ids(store, less)));
    }
  }

  @CommandLine.Command(
      name = "versions",
      description = "Lists a model's versions, or those of all models, with where they come from.",
      mixinStandardHelpOptions = true)
  static final class Versions extends StoreCommand {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "The model; all by default.")
    private String model;

    @Override
    void carryOut(ModelStore store, PrintWriter out) throws IOException {
      List<String> names = model == null ? store.names() : List.of(name(model));
      VersionTable.of(store, names).lines().forEach(out::println);
    }
  }

  @CommandLine.Command(
      name = "alias",
      description = "Makes an alias point to a version; it can be used wherever a version can.",
      mixinStandardHelpOptions = true)
  static final class Alias extends StoreCommand {
    @Option(names = "--remove", description = "Remove the alias; the version stays.")
    private boolean isRemoved;

    @Parameters(index = "0", paramLabel = "MODEL@ALIAS", description = "Such as m@production.")
    private String alias;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "VERSION",
        description = "Number, other alias or latest.")
    private String version;

    @Override
    void carryOut(ModelStore store, PrintWriter out) throws IOException {
      ModelReference reference = reference(alias);
      String name =
          reference
              .alias()
              .orElseThrow(
                  () ->
                      JobException.usage(
                          "Invalid alias: %s (must be MODEL@ALIAS)".formatted(alias)));
      if (isRemoved == (version != null)) {
        throw JobException.usage(
            "Cannot set alias %s: give either a version or --remove".formatted(alias));
      }

      if (isRemoved) {
        ModelId before = store.resolve(reference);
        store.removeAlias(reference.name(), name);
        out.println("sparknorm alias: %s is removed; it was %s".formatted(alias, before));
        return;
      }

      ModelId id = store.resolve(reference(reference.name() + "@" + version));
      store.setAlias(name, id);
      out.println("sparknorm alias: %s is %s".formatted(alias, id));
    }
  }

  @CommandLine.Command(
      name = "prune",
      description =
          "Removes old versions, but for those that an alias points to and the parents of those"
              + " that stay.",
      mixinStandardHelpOptions = true)
  static final class Prune extends StoreCommand {
    @Option(
        names = "--keep",
        required = true,
        paramLabel = "N",
        description = "How many of the newest versions stay.")
    private int keep;

    @Option(names = "--dry-run", description = "Say what would be removed, and leave.")
    private boolean isDryRun;

    @Parameters(paramLabel = "MODEL", description = "The model.")
    private String model;

    @Override
    void carryOut(ModelStore store, PrintWriter out) throws IOException {
      List<ModelId> removed =
          isDryRun ? store.prunable(name(model), keep) : store.prune(name(model), keep);
      String numbers =
          removed.stream().map(id -> "v=" + id.version()).collect(Collectors.joining(", "));
      out.println(
          "sparknorm prune: %s %s of %s"
              .formatted(
                  isDryRun ? "would remove" : "removed",
                  removed.isEmpty() ? "no version" : numbers,
                  model));
    }
  }

  private static void print(PrintWriter out, String command, Publication publication) {
    out.println(
        "sparknorm %s: %s"
            .formatted(
                command,
                publication.repeated() ? "this is already published, nothing to do" : "done"));
    out.println("  model: " + publication.id());
  }

  private static String name(String model) {
    if (!ModelReference.isName(model)) {
      throw JobException.usage(
          "Invalid model name: %s (letters, digits, _ and - only)".formatted(model));
    }

    return model;
  }

  /** The versions of references, of which each may stand for a range. */
  private static List<ModelId> ids(ModelStore store, List<String> references) throws IOException {
    List<ModelId> ids = new ArrayList<>();
    for (String reference : references) {
      int at = reference.indexOf('@');
      Matcher range = RANGE.matcher(reference.substring(at + 1));
      if (at < 0 || !range.matches()) {
        ids.add(store.resolve(reference(reference)));
        continue;
      }

      int first = Integer.parseInt(range.group(1));
      int last = Integer.parseInt(range.group(2));
      if (first > last) {
        throw JobException.usage("Invalid version: %s (the range is empty)".formatted(reference));
      }

      for (int version = first; version <= last; version++) {
        ids.add(new ModelId(name(reference.substring(0, at)), version));
      }
    }

    return ids;
  }

  private static ModelReference reference(String text) {
    int at = text.indexOf('@');
    Optional<ModelReference> reference =
        at < 0
            ? Optional.empty()
            : ModelReference.of(name(text.substring(0, at)), text.substring(at + 1));
    return reference.orElseThrow(
        () ->
            JobException.usage(
                "Invalid version: %s (must be MODEL@VERSION; the version %s)"
                    .formatted(text, ModelReference.VERSION_RULE)));
  }
}
