package io.sparknorm.spark.functions;

import static org.apache.spark.sql.functions.call_function;
import static org.apache.spark.sql.functions.sum;

import io.sparknorm.kernels.Normalizer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;

/**
 * Columns computed by functions that hold a normalizer, a shape or fault rules in memory, for
 * programs that run in Spark's driver. A column can be used until this is closed; datasets made
 * with it stay good, because Spark analyses them, and binds the functions, when they are made:
 *
 * <pre>{@code
 * try (RunFunctions functions = RunFunctions.open(spark)) {
 *   Column passed = functions.pass(data.col("features"), normalizer, rules);
 *   normalised = data.withColumn("features", RunFunctions.normalised(passed));
 * }
 * }</pre>
 */
public final class RunFunctions implements AutoCloseable {
  private static final String CATALOG = "sparknorm_run";

  private final List<String> names = new ArrayList<>();

  private RunFunctions() {}

  /** Makes the functions known to the session. */
  public static RunFunctions open(SparkSession spark) {
    spark.conf().set("spark.sql.catalog." + CATALOG, RunCatalog.class.getName());
    return new RunFunctions();
  }

  /**
   * Tensors on their way through a pass, for {@link #normalised}, {@link #read} and {@link
   * #written}: one call does it all. Best made a column below an operator that Spark does not
   * collapse, since it is read more than once.
   */
  public Column pass(Column tensors, Normalizer normalizer, FaultRules rules) {
    return call(new PassFunction(RunCatalog.freshName("pass"), normalizer, rules), tensors);
  }

  /**
   * As {@link #pass(Column, Normalizer, FaultRules)}, by the statistics of groups.
   *
   * @param key a struct of the columns that make the groups
   */
  public Column pass(Column tensors, Column key, GroupedNorm norm, FaultRules rules) {
    return call(new GroupedPassFunction(RunCatalog.freshName("pass"), norm, rules), tensors, key);
  }

  /**
   * True for a record of a {@link #pass} by groups; a job ends here whose groups have to be fitted
   * and this record's is not. Records that are dropped have to be so before.
   *
   * @param key as of the pass
   */
  public Column fitted(Column passed, Column key, GroupedNorm norm, FaultRules rules) {
    return call(
        new FittedGroupFunction(RunCatalog.freshName("fitted"), norm, rules), unseen(passed), key);
  }

  /** Whether the group of a {@link #pass} was not fitted, where there are groups. */
  public static Column unseen(Column passed) {
    return passed.getField(GroupedPassFunction.UNSEEN);
  }

  /**
   * The normalised tensors of a {@link #pass}; null for null or misshapen ones that are let pass
   * and for records to be dropped.
   */
  public static Column normalised(Column passed) {
    return passed.getField(PassFunction.NORMALISED);
  }

  /** What a {@link #pass} saw of the record as it was read, for {@link #sums}. */
  public static Column read(Column passed) {
    return passed.getField(PassFunction.READ);
  }

  /** What a {@link #pass} saw of the record once normalised, for {@link #sums}. */
  public static Column written(Column passed) {
    return passed.getField(PassFunction.WRITTEN);
  }

  /** Whether the rules leave the record of a {@link #pass} out. */
  public static Column dropped(Column passed) {
    return passed.getField(PassFunction.DROPPED);
  }

  /**
   * Builtin aggregates, in the order of {@link Inspection#of}, over what a pass saw; they pass over
   * null. An observation takes no other aggregates: Spark cannot bring those back from a task.
   */
  public static List<Column> sums(Column seen) {
    List<Column> sums = new ArrayList<>();
    for (int i = 0; i < Inspection.ENTRIES; i++) {
      sums.add(sum(seen.getItem(i)));
    }

    return sums;
  }

  private Column call(UnboundFunction function, Column... arguments) {
    RunCatalog.register(function);
    names.add(function.name());
    return call_function(CATALOG + "." + function.name(), arguments);
  }

  /** Forgets the functions. */
  @Override
  public void close() {
    names.forEach(RunCatalog::remove);
  }
}
