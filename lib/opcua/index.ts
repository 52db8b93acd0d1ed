/**
 * OPC UA: sessions that hold for years, readers, and a simulated plant.
 * @module
 */
export { Simulator, type SimulatorOptions } from "./simulator/simulator.ts";
