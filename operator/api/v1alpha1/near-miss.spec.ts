import { describe, expect, it } from 'vitest';
import { nearMiss } from './near-miss.ts';

const fields = ['depth', 'variant', 'labelSmoothing', 'epochs', 'spec'];

describe('a near miss', () => {
  it('is found for a missing, a wrong and two swapped letters', () => {
    expect(nearMiss('labelSmoothng', fields)).toBe('labelSmoothing');
    expect(nearMiss('variamt', fields)).toBe('variant');
    expect(nearMiss('depht', fields)).toBe('depth');
    expect(nearMiss('sepc', fields)).toBe('spec');
  });

  it('is found whatever the case', () => {
    expect(nearMiss('LABELSMOOTHING', fields)).toBe('labelSmoothing');
  });

  it('is not invented for another word', () => {
    expect(nearMiss('dropout', fields)).toBeUndefined();
    expect(nearMiss('x', [])).toBeUndefined();
  });
});
