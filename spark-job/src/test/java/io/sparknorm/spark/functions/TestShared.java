package io.sparknorm.spark.functions;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.FaultPolicies;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.reflect.ClassTag;

class TestShared extends SparkTest {
  private static final int WIDE = 100_000;

  private static Normalizer batchNorm(int channels) {
    double[] ones = new double[channels];
    Arrays.fill(ones, 1);
    return BatchNorm.DEFAULT.normalizer(
        TensorShape.vector(channels), Coefficients.of(ones), Coefficients.of(ones));
  }

  private static int bytesPerTask(int channels) {
    FaultRules rules = FaultRules.ofColumn("x", FaultPolicies.DEFAULT);
    StructType x = new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType));
    return serialize(
            SparkEnv.get().closureSerializer().newInstance(),
            new NormaliseFunction("f", batchNorm(channels), rules).bind(x))
        .remaining();
  }

  private static ByteBuffer serialize(SerializerInstance serializer, Object value) {
    return serializer.serialize(value, ClassTag.apply(Object.class));
  }

  @Test
  void tasksDoNotCarryLargeParameters() {
    assertThat(bytesPerTask(1000)).isGreaterThan(2 * 1000 * Double.BYTES);
    assertThat(bytesPerTask(WIDE)).isLessThan(10_000);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, WIDE})
  void carriedAndBroadcastParametersNormaliseAlike(int channels) {
    FaultRules rules = FaultRules.ofColumn("x", FaultPolicies.DEFAULT);
    Dataset<Row> rows =
        spark().range(0, 4, 1, 4).selectExpr("array_repeat(3f, %d) AS x".formatted(channels));
    try (RunFunctions functions = RunFunctions.open(spark())) {
      List<Row> distinct =
          rows.select(
                  RunFunctions.normalised(functions.pass(col("x"), batchNorm(channels), rules))
                      .as("x"))
              .selectExpr("size(x) AS size", "array_min(x) AS least", "array_max(x) AS most")
              .distinct()
              .collectAsList();

      float expected = (float) (2 / Math.sqrt(1 + 1e-5));
      assertThat(distinct).containsExactly(RowFactory.create(channels, expected, expected));
    }
  }

  @Test
  void kryoReadsWhatItHasWritten() {
    SerializerInstance kryo = new KryoSerializer(new SparkConf()).newInstance();
    Normalizer normalizer = batchNorm(3);

    Shared.Packed<Normalizer> read =
        kryo.deserialize(
            serialize(kryo, new Shared.Packed<>(normalizer)), ClassTag.apply(Object.class));

    float[] x = {1, 2, 3};
    read.get().apply(x, x);
    assertThat(x[0]).isZero();
  }
}
