/** What others may know of imports: read a file's rows, turn them into history or master data, find an address. */
export { outwardCode, type AddressBook, type Coordinates, type KnownAddress } from './addresses.ts'
export {
  parseProduct,
  parseStock,
  parseSupply,
  parseWarehouse,
  productsHeader,
  stockHeader,
  supplyHeader,
  unknownProduct,
  unknownWarehouse,
  warehousesHeader,
  type Parsed,
  type ProductRow,
  type RowFault,
  type StockRow,
  type SupplyRow,
  type WarehouseRow,
} from './csv.ts'
export { WrongHeader, type CsvHeader, type CsvRow } from './csv-row.ts'
export { addressBookIn, readCsvRows } from './files-store.ts'
export {
  readRetailHistory,
  type HistoricalLine,
  type HistoricalOrder,
  type RetailCounts,
  type RetailHistory,
  type Reversal,
} from './online-retail-service.ts'
export type { HistoricalProduct } from './retail-book.ts'
export { retailHeader, type LineKind, type RejectedRow, type RejectionReason } from './retail-row.ts'
