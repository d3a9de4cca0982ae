package io.sparknorm.spark.functions;

import java.util.List;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * How a function is called. Arguments after the required ones may be left off from the end.
 *
 * @param name within the catalog
 * @param subject what messages call the first argument; empty if there is none
 * @param summary what the function gives
 * @param parameters the arguments after the first
 * @param required how many of the parameters have no default
 * @param example a call as an SQL expression, with {@code norm} for the catalog
 */
record Signature(
    String name,
    String subject,
    String summary,
    List<Parameter> parameters,
    int required,
    String example) {
  /** The first argument of most functions. */
  static final String TENSOR = "x";

  /** The first argument of functions of saved moments. */
  static final String STATE = "state";

  /**
   * An argument after the first.
   *
   * @param name as documentation and messages have it
   * @param kind what it may be
   * @param meaning and default, if it has one
   */
  record Parameter(String name, Kind kind, String meaning) {}

  /** What an argument may be, and the type that Spark casts it to. */
  enum Kind {
    INT(DataTypes.IntegerType) {
      @Override
      boolean accepts(DataType type) {
        return type instanceof IntegerType || type instanceof ShortType || type instanceof ByteType;
      }
    },
    DOUBLE(DataTypes.DoubleType) {
      @Override
      boolean accepts(DataType type) {
        return type instanceof NumericType;
      }
    },
    BINARY(DataTypes.BinaryType) {
      @Override
      boolean accepts(DataType type) {
        return type instanceof BinaryType;
      }
    },
    STRING(DataTypes.StringType) {
      @Override
      boolean accepts(DataType type) {
        return type instanceof StringType;
      }
    };

    private final DataType type;

    Kind(DataType type) {
      this.type = type;
    }

    abstract boolean accepts(DataType type);
  }

  Signature {
    parameters = List.copyOf(parameters);
  }

  /** A function of a tensor. */
  static Signature ofTensor(
      String name, String summary, List<Parameter> parameters, int required, String example) {
    return new Signature(name, TENSOR, summary, parameters, required, example);
  }

  /** The call with its optional arguments in brackets. */
  String usage() {
    StringBuilder usage = new StringBuilder(name).append('(').append(subject);
    for (int i = 0; i < parameters.size(); i++) {
      usage.append(i < required ? ", " : " [, ").append(parameters.get(i).name());
    }

    return usage.append("]".repeat(parameters.size() - required)).append(')').toString();
  }

  /** Throws unless there are as many arguments as may be, of types that may be. */
  void check(StructType inputType) {
    int count = inputType.size() - 1;
    if (count < required || count > parameters.size()) {
      throw new UnsupportedOperationException(
          "Wrong number of inputs: %d (expected %s)".formatted(inputType.size(), usage()));
    }

    for (int i = 0; i < count; i++) {
      Parameter parameter = parameters.get(i);
      DataType found = inputType.fields()[i + 1].dataType();
      if (!parameter.kind().accepts(found) && !(found instanceof NullType)) {
        throw new UnsupportedOperationException(
            "Invalid %s: type %s (expected %s)"
                .formatted(
                    parameter.name(), found.simpleString(), parameter.kind().type.simpleString()));
      }
    }
  }

  /** The types that Spark is to cast the arguments of a call to. */
  DataType[] inputTypes(StructType inputType) {
    DataType[] types = new DataType[inputType.size()];
    types[0] = inputType.fields()[0].dataType();
    for (int i = 1; i < types.length; i++) {
      types[i] = parameters.get(i - 1).kind().type;
    }

    return types;
  }
}
