package io.sparknorm.spark.functions;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.not;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.functions.FaultPolicies.Policy;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestRunFunctions extends SparkTest {
  /** (x - 1) * 2 for channel 0, (x - 2) * 4 for channel 1. */
  private static final Normalizer BATCH_NORM =
      new BatchNorm(
              BatchNorm.DEFAULT.denominator().withEpsilon(0),
              BatchNorm.DEFAULT.affine(),
              BatchNorm.DEFAULT.activation())
          .normalizer(
              TensorShape.vector(2), Coefficients.of(1, 2), Coefficients.of(0.25, 0.0625));
}
