package io.sparknorm.kernels;

/** The norms as a textbook writes them: one plain loop for each sum, sums in double precision. */
interface NaiveNorm {
  void apply(float[] x, float[] out);

  static NaiveNorm layer(double epsilon, double[] weight, double[] bias) {
    int n = weight.length;
    return (x, out) -> {
      for (int from = 0; from < x.length; from += n) {
        double mean = 0;
        for (int i = 0; i < n; i++) {
          mean += x[from + i];
        }

        mean /= n;
        double squares = 0;
        for (int i = 0; i < n; i++) {
          squares += (x[from + i] - mean) * (x[from + i] - mean);
        }

        double root = Math.sqrt(squares / n + epsilon);
        for (int i = 0; i < n; i++) {
          out[from + i] = (float) ((x[from + i] - mean) / root * weight[i] + bias[i]);
        }
      }
    };
  }

  static NaiveNorm rms(double epsilon, double[] weight) {
    int n = weight.length;
    return (x, out) -> {
      for (int from = 0; from < x.length; from += n) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
          squares += (double) x[from + i] * x[from + i];
        }

        double root = Math.sqrt(squares / n + epsilon);
        for (int i = 0; i < n; i++) {
          out[from + i] = (float) (x[from + i] / root * weight[i]);
        }
      }
    };
  }

  static NaiveNorm group(
      TensorView view, int groups, double epsilon, double[] weight, double[] bias) {
    return (x, out) -> {
      double[] mean = means(x, view, groups);
      double[] variance = variances(x, view, groups, mean);
      int perGroup = view.channels() / groups;
      forEach(
          view,
          (i, c) -> {
            int g = c / perGroup;
            double y = (x[i] - mean[g]) / Math.sqrt(variance[g] + epsilon);
            out[i] = (float) (y * weight[c] + bias[c]);
          });
    };
  }

  static NaiveNorm batch(
      TensorView view,
      double[] mean,
      double[] variance,
      double epsilon,
      double[] weight,
      double[] bias) {
    return (x, out) ->
        forEach(
            view,
            (i, c) -> {
              double y = (x[i] - mean[c]) / Math.sqrt(variance[c] + epsilon);
              out[i] = (float) (y * weight[c] + bias[c]);
            });
  }

  static NaiveNorm evoNormS0(
      TensorView view, int groups, double epsilon, double[] weight, double[] bias) {
    return (x, out) -> {
      double[] variance = variances(x, view, groups, means(x, view, groups));
      int perGroup = view.channels() / groups;
      forEach(
          view,
          (i, c) -> {
            double y = x[i] / (1 + Math.exp(-x[i])) / Math.sqrt(variance[c / perGroup] + epsilon);
            out[i] = (float) (y * weight[c] + bias[c]);
          });
    };
  }

  static NaiveNorm evoNormB0(
      TensorView view, double[] batchVariance, double epsilon, double[] weight, double[] bias) {
    return (x, out) -> {
      int channels = view.channels();
      double[] variance = variances(x, view, channels, means(x, view, channels));
      forEach(
          view,
          (i, c) -> {
            double batch = Math.sqrt(batchVariance[c] + epsilon);
            double instance = x[i] + Math.sqrt(variance[c] + epsilon);
            out[i] = (float) (x[i] / Math.max(batch, instance) * weight[c] + bias[c]);
          });
    };
  }

  private static double[] means(float[] x, TensorView view, int groups) {
    double[] means = new double[groups];
    double n = (double) x.length / groups;
    forEach(view, (i, c) -> means[c / (view.channels() / groups)] += x[i] / n);
    return means;
  }

  private static double[] variances(float[] x, TensorView view, int groups, double[] means) {
    double[] variances = new double[groups];
    double n = (double) x.length / groups;
    forEach(
        view,
        (i, c) -> {
          int g = c / (view.channels() / groups);
          double deviation = x[i] - means[g];
          variances[g] += deviation * deviation / n;
        });
    return variances;
  }

  private static void forEach(TensorView view, ElementBody body) {
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        for (int k = 0; k < view.inner(); k++) {
          body.accept(i++, c);
        }
      }
    }
  }

  /** What is done with the element at a position, of a channel. */
  interface ElementBody {
    void accept(int position, int channel);
  }
}
