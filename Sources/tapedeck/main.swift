import Commands

TapedeckMain.run()
