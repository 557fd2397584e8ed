/**
 * What is known of Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747) without looking.
 * Digests are of the decompressed files: Debian's package compresses them anew.
 */
export const fashionMnistFacts = {
  classes: 10,
  imageSize: 28,
  channels: 1,
  /** Of all training pixels, on the scale 0 to 255. */
  mean: 72.94035223214286,
  std: 90.02118235130526,
  training: {
    count: 60_000,
    images: {
      name: 'train-images-idx3-ubyte',
      sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    },
    labels: {
      name: 'train-labels-idx1-ubyte',
      sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    },
  },
  validation: {
    count: 10_000,
    images: {
      name: 't10k-images-idx3-ubyte',
      sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    },
    labels: {
      name: 't10k-labels-idx1-ubyte',
      sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    },
  },
} as const;
