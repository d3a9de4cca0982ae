package io.sparknorm.spark.functions;

import static org.apache.spark.sql.functions.call_function;
import static org.apache.spark.sql.functions.sum;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
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
 *   normalised = data.withColumn("features", functions.normalise(features, normalizer, rules));
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
   * The normalised tensors; null for null or misshapen ones that are let pass and for records to be
   * dropped.
   */
  public Column normalise(Column tensors, Normalizer normalizer, FaultRules rules) {
    String name = RunCatalog.freshName("normalise");
    return call(new NormaliseFunction(name, normalizer, rules), tensors);
  }

  /**
   * One record's faults and first channels, for {@link #sums} and {@link #dropped}; best made a
   * column of its own, since both read it many times.
   */
  public Column inspect(Column tensors, TensorShape shape, FaultRules rules) {
    return call(new InspectFunction(RunCatalog.freshName("inspect"), shape, rules), tensors);
  }

  /** Whether the rules leave the record out. */
  public static Column dropped(Column inspected) {
    return inspected.getItem(Inspection.DROPPED).equalTo(1);
  }

  /** Builtin aggregates, in the order of {@link Inspection#of}, over what {@link #inspect} gave. */
  public static List<Column> sums(Column inspected) {
    List<Column> sums = new ArrayList<>();
    for (int i = 0; i < Inspection.ENTRIES; i++) {
      sums.add(sum(inspected.getItem(i)));
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
