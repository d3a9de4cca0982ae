package io.sparknorm.spark.functions;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The catalog through which a program of this product calls functions that hold objects in memory.
 * Spark resolves functions by name only, so each gets a fresh name for as long as a query that
 * calls it is analysed; {@link RunFunctions} sees to that.
 */
public final class RunCatalog implements FunctionCatalog {
  private static final Map<String, UnboundFunction> FUNCTIONS = new ConcurrentHashMap<>();
  private static final AtomicLong NEXT = new AtomicLong();

  private String name;

  static String freshName(String word) {
    return word + "_" + NEXT.incrementAndGet();
  }

  static void register(UnboundFunction function) {
    FUNCTIONS.put(function.name(), function);
  }

  static void remove(String function) {
    FUNCTIONS.remove(function);
  }

  @Override
  public void initialize(String name, CaseInsensitiveStringMap options) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  /** Lists nothing: the functions are nobody else's to call. */
  @Override
  public Identifier[] listFunctions(String[] namespace) {
    return new Identifier[0];
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
    UnboundFunction function = FUNCTIONS.get(identifier.name());
    if (function == null) {
      throw new NoSuchFunctionException(identifier);
    }

    return function;
  }
}
